"""`everyleg corpus`: the score over real answers and messages, which may only rise."""

import csv
import sys
from pathlib import Path
from typing import Any

import msgspec
import yaml
from rich.console import Console
from rich.table import Table

from everyleg.app.corpus import Folder, Miss, Score, folders, score_folder
from everyleg.app.plugins import registry
from everyleg.app.settings import shared_folder
from everyleg.cli.io import UserError, print_json
from everyleg.ports.message_score import accepted_sub_statuses, score_messages

RECORD = Path(__file__).resolve().parents[3] / "tests" / "corpus"
"""Where the checkout keeps the score of record and the reviewed exceptions."""

FLOORS = {"read": 1.0, "found": 0.99, "other": 0.08, "in_transit": 0.15, "right": 0.70, "wrong": 0.06}
FALLING = frozenset({"other", "in_transit", "wrong"})
"""Shares that should be small."""

SLACK = 0.0005
"""Rounding of the record."""


def corpus(*, check: bool = False, write: bool = False, misses: bool = False, json: bool = False) -> None:
    """Read every answer of the shared corpus and print, per carrier, what was read and how well.

    Args:
        check: Exit 1 when a floor does not hold or the score has fallen below the record.
        write: Write the record anew.
        misses: List every event of the reference that was not met.
        json: Print JSON instead of a table.
    """
    shared = shared_folder()
    if shared is None:
        print("The shared corpus is not here (EVERYLEG_SHARED, or a folder `shared` beside the checkout): no score.")
        return
    exceptions = _exceptions()
    rows = [(f, *score_folder(shared, f, registry(), exceptions)) for f in folders(shared)]
    total = Score()
    for folder, score, _ in rows:
        if folder.must:
            total.add(score)
    shares = {**total.shares(), **_messages(shared)}
    if json:
        print_json({"must": shares, "folders": {f.name: s for f, s, _ in rows}})
    else:
        _print(rows, total, shares, with_misses=misses)
    if write:
        (RECORD / "score.json").write_bytes(msgspec.json.format(msgspec.json.encode(shares)) + b"\n")
    if check:
        _check(shares, total)


def _messages(shared: Path) -> dict[str, float]:
    with (shared / "corpus" / "messages.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    with (shared / "corpus" / "message_statuses.csv").open(encoding="utf-8") as lines:
        accepted = accepted_sub_statuses(csv.DictReader(lines))
    total = score_messages(rows, accepted).total
    return {"right": round(total.share(total.right), 4), "wrong": round(total.share(total.wrong), 4)}


def _exceptions() -> set[str]:
    path = RECORD / "exceptions.yaml"
    if not path.exists():
        return set()
    groups: list[dict[str, Any]] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or []
    return {event for group in groups for event in group["events"]}


def _print(
    rows: list[tuple[Folder, Score, list[Miss]]], total: Score, shares: dict[str, float], *, with_misses: bool
) -> None:
    table = Table("folder", "carrier", "read", "events", "in reference", "on time", "other", "in_transit", "the rest")
    for folder, score, _ in rows:
        table.add_row(folder.name + (" *" if folder.must else ""), folder.slug, *_cells(score))
    table.add_row("all marked *", "", *_cells(total), style="bold")
    console = Console(width=130)
    console.print(table)
    if with_misses:
        for miss in (m for _, _, found in rows for m in found):
            console.print(f"{miss.answer}: {miss.what}", markup=False, soft_wrap=True)
    console.print(
        f"events of the reference found {shares['found']:.1%}, at the right wall clock {shares['on_time']:.1%} "
        f"({total.excepted} reviewed exceptions); messages right {shares['right']:.1%}, wrong {shares['wrong']:.1%}"
    )


def _cells(score: Score) -> list[str]:
    rest = score.events - score.other - score.in_transit
    per = score.events or 1
    return [
        f"{score.read}/{score.answers}",
        str(score.events),
        f"{score.found}/{score.reference}",
        f"{score.on_time}/{score.timed}",
        f"{score.other / per:.0%}",
        f"{score.in_transit / per:.0%}",
        f"{rest / per:.0%}",
    ]


def _check(shares: dict[str, float], total: Score) -> None:
    wrong = [text for name, floor in FLOORS.items() if (text := _worse(name, shares[name], floor, "the floor"))]
    record = RECORD / "score.json"
    if not record.exists():
        raise UserError(f"{record} is missing; write it with `everyleg corpus --write`")
    for name, value in msgspec.json.decode(record.read_bytes()).items():
        text = _worse(name, shares[name], value, "the score of record")
        if text:
            wrong.append(text)
    if total.excepted > 0.02 * (total.reference + total.excepted):
        wrong.append(f"{total.excepted} exceptions are more than 2 % of the events")
    for text in wrong:
        print(f"everyleg corpus: {text}", file=sys.stderr)
    if wrong:
        sys.exit(1)


def _worse(name: str, value: float, than: float, what: str) -> str | None:
    if name in FALLING:
        return f"{name} {value:.2%} is above {what}, {than:.2%}" if value > than + SLACK else None
    return f"{name} {value:.2%} is below {what}, {than:.2%}" if value < than - SLACK else None
