"""`everyleg coverage`: what of a seller's own sheet can be followed now, and the cheapest way to the rest."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from everyleg.app.plugins import registry, roots
from everyleg.cli.io import UserError, print_json, read_bytes
from everyleg.cli.store import default_workspace, opened_store
from everyleg.numbers.detector import Detector
from everyleg.ports.access import AGGREGATORS, access, access_in
from everyleg.ports.number_formats import load_formats
from everyleg.sheets.coverage import Coverage, Covered, Means
from everyleg.sheets.coverage import coverage as covered_by
from everyleg.sheets.incoming import Habits, read
from everyleg.sheets.means import means_of
from everyleg.sheets.notes import Lang, SheetError
from everyleg.web.components.coverage import Telling
from everyleg.web.words import Words


def coverage(
    file: str | None = None,
    *,
    have: tuple[str, ...] = (),
    workspace: str | None = None,
    lang: Lang = "en",
    json: bool = False,
) -> None:
    """What of a seller's own sheet can be followed now, with what, and the cheapest way to the rest.

    Nothing is asked of anybody, and nothing of the sheet is kept. Without a sheet: what each carrier wants before it
    can be asked.

    Args:
        file: A sheet, XLSX or CSV; - reads standard input.
        have: A carrier or aggregator, as if there were an account with it; give the option once for each.
        workspace: Slug of the workspace whose accounts count; without it the only or oldest one.
        lang: Language of what is said.
        json: Print JSON instead of text.
    """
    words = Words(lang, UTC, datetime.now(UTC))
    if file is None:
        _every_carrier(words, json=json)
        return
    found = _found(file, _means(workspace, have))
    if json:
        print_json(found)
    else:
        _show(found, Telling(words, access_in(registry())))


def _means(workspace: str | None, have: Iterable[str]) -> Means:
    supposed = frozenset(_slug(name) for name in have)
    with opened_store() as database:
        tenant = default_workspace(database, workspace)
        with database.transaction(tenant) as connection:
            there = means_of(connection, database.keys, tenant, access_in(registry()))
    return Means(there.accounts | supposed, there.pushing, there.shut)


def _slug(name: str) -> str:
    found = name if name in AGGREGATORS else registry().slug_of(name)
    if found is None:
        raise UserError(f"--have {name}: no carrier is called so; give a slug of `everyleg carriers list`")
    return found


def _found(file: str, means: Means) -> Coverage:
    source = read_bytes("-") if file == "-" else Path(file)
    if isinstance(source, Path) and not source.is_file():
        raise UserError(f"{file}: no such file; give an XLSX or CSV file, or - for standard input")
    detector = Detector(load_formats(roots()))
    try:
        return covered_by(read(source, Habits(UTC, detector)), detector, access_in(registry()), means)
    except SheetError as error:
        raise UserError(f"{file}: {error}") from error


def _every_carrier(words: Words, *, json: bool) -> None:
    found = [access(manifest) for manifest in registry().manifests()]
    if json:
        print_json({"schema": 1, "carriers": [msgspec.to_builtins(one) for one in found]})
        return
    table = Table(
        words("coverage.carrier"), words("coverage.needs"), words("coverage.apply"), "17track", "kuaidi100",
        header_style="bold",
    )  # fmt: skip
    telling = Telling(words, access_in(registry()))
    for one in found:
        marks = ("✓" if name in one.aggregators else "" for name in AGGREGATORS)
        table.add_row(escape(telling.name(one.carrier)), escape(telling.wants(one)), escape(one.apply or ""), *marks)
    Console().print(table)


def _show(found: Coverage, telling: Telling) -> None:
    console, words = Console(), telling.words
    console.print(escape(telling.sentence(found)), style="bold")
    for how, count in found.how.items():
        console.print(f"  {count:>8,}  {escape(telling.how(how))}")
    if found.refused:
        console.print(f"  {words('coverage.refused', n=found.refused)}")
    if found.steps:
        console.print(f"\n{words('coverage.steps')}", style="bold")
    for at, step in enumerate(found.steps, 1):
        console.print(f"  {at}. {escape(telling.line(step))}")
        for more in telling.details(step):
            console.print(f"     {escape(more)}", style="dim")
    if found.left:
        console.print(words("coverage.left", n=found.left))
    if found.carriers:
        console.print(_table(found.carriers, telling))


def _table(carriers: list[Covered], telling: Telling) -> Table:
    words = telling.words
    table = Table(
        words("coverage.carrier"), words("coverage.numbers"), words("coverage.now"), words("coverage.needs"),
        header_style="bold",
    )  # fmt: skip
    for one in carriers:
        table.add_row(
            escape(telling.carriers(one)), f"{one.numbers:,}", f"{one.followed:,}", escape(telling.needs(one))
        )
    return table
