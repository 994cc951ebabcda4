"""`everyleg timeline`: several raw answers in, the joined journeys out."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from cyclopts import Parameter
from msgspec.structs import replace
from rich.console import Console

from everyleg.app.journey import join
from everyleg.app.plugins import registry
from everyleg.cli.io import UserError, print_json
from everyleg.cli.journey_view import print_journey
from everyleg.cli.normalize import parse_instant, read_file
from everyleg.core.fold import view
from everyleg.ports.carrier import Answered


def timeline(
    *files: Annotated[str, Parameter(allow_leading_hyphen=True)],
    carrier: str | None = None,
    now: str | None = None,
    json: bool = False,
    lang: Literal["zh", "en"] = "en",
) -> None:
    """Join the raw answers of several carriers into journeys, leg by leg.

    Args:
        files: Raw answers, each FILE (with --carrier) or SLUG=FILE.
        carrier: Slug of the carrier of files that don't name theirs.
        now: An instant, ISO 8601 with offset, or `now`: adds how long all has been silent, and what is overdue.
        json: Print JSON instead of a picture.
        lang: Language of the picture.
    """
    if not files:
        raise UserError("give the raw answers to join, each as SLUG=FILE, or FILE with --carrier SLUG")
    instant = datetime.now(UTC) if now == "now" else parse_instant(now)
    joined = join([_answered(name, carrier) for name in files])
    timelines = [replace(t, view=view(t, instant, facts)) if instant is not None else t for t, facts in joined]
    if json:
        print_json(timelines)
        return
    names = {m.slug: m.names.zh if lang == "zh" else m.names.en for m in registry().manifests()}
    for one in timelines:
        print_journey(one, names, lang, Console())
    if not timelines:
        Console().print("No journey in these answers." if lang == "en" else "这些结果里没有行程。")


def _answered(name: str, carrier: str | None) -> Answered:
    """The reading of `SLUG=FILE` or of FILE; one that is not understood is refused with its reason.

    Raises:
        UserError: when no carrier is named, or the file is not an answer of it.
    """
    slug, sign, file = name.partition("=")
    if not sign:
        slug, file = carrier or "", name
    if not slug:
        raise UserError(f"{file}: whose answer is it? write SLUG={file}, or add --carrier SLUG")
    answered = read_file(file, slug)
    if not answered.understood:
        reason = answered.reading.results[0].reason
        raise UserError(f"{file}: not an answer of {slug}: {reason.kind}: {reason.detail}" if reason else file)
    return answered
