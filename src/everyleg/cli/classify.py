"""`everyleg classify`: what an event's text means, in any language."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from cyclopts import Parameter
from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from everyleg.cli.io import UserError, print_json, read_bytes
from everyleg.core.vocabulary import STATUSES
from everyleg.core.wording import classify as guess
from everyleg.core.wording import tidy


class Classified(Struct, frozen=True):
    """One text and what it means: the shape of the contract."""

    text: str
    lang: str | None
    sub_status: str
    confidence: float


def classify(*texts: Annotated[str, Parameter(allow_leading_hyphen=True)], json: bool = False) -> None:
    """Say what event texts mean: their sub-status, or `other` when the words do not say.

    Args:
        texts: Event texts, in any language; - reads one from each line of standard input.
        json: Print JSON instead of a table.
    """
    if options := [text for text in texts if text.startswith("--")]:
        raise UserError(f"{options[0]} is no option of classify; the only one is --json")
    found = [_classified(text) for text in _lines(texts)]
    if not found:
        raise UserError("no text given; write one or more in quotes, or - to read one from each line of standard input")
    if json:
        print_json(found)
    else:
        _show(found, Console())


def _lines(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        lines = read_bytes("-").decode("utf-8-sig", "replace").splitlines() if text == "-" else [text]
        yield from (line.encode("utf-8", "replace").decode() for line in lines if line.strip())


def _classified(text: str) -> Classified:
    it = guess(text)
    return Classified(text, it.lang, it.sub_status, it.confidence)


def _show(found: Iterable[Classified], console: Console) -> None:
    table = Table("text", "language", "sub-status", "people read", "sure")
    for one in found:
        status = STATUSES[one.sub_status]
        words = " · ".join(status.display[lang] for lang in ("zh", "en") if lang in status.display)
        table.add_row(
            escape(tidy(one.text)),
            one.lang or "?",
            one.sub_status,
            words or "—",
            f"{one.confidence:.0%}",
        )
    console.print(table)
