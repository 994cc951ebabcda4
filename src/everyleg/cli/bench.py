"""`everyleg bench`: measured beside a reference in the same run; ratios, not promises."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter
from lxml import etree
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from everyleg.app.plugins import registry
from everyleg.cli import bench_detect, bench_pages, bench_sheet, bench_store
from everyleg.cli.bench_report import report
from everyleg.cli.io import UserError, print_json
from everyleg.lab.mix import Sample, answers
from everyleg.ports.answer import Answer

app = App(name="bench", help="Benchmarks, each beside its limit in the same run.")

PASSES = 7
"""Times each group is measured; the fastest pass of each side counts, since noise only ever adds."""

NORMALIZE_GOALS = {"json": (0.17, 0.25), "xml": (0.25, 0.35)}
"""Floor and goal of reading ÷ bare parsing."""


class Timing(Struct, frozen=True):
    """One group of answers: seconds a pass, ours and the bare parser's."""

    kind: str
    answers: int
    events: int
    ours: float
    bare: float
    audited: float


@app.command
def normalize(
    *, folder: Annotated[Path | None, Parameter(name="--dir")] = None, seed: int = 1, json: bool = False
) -> None:
    """From bytes to reading, beside bare untyped decoding (msgspec, lxml) of the same bytes.

    Args:
        folder: A folder of answers named SLUG/FILE, instead of our own mix.
        seed: Seed of our own mix.
        json: Print JSON instead of a table.
    """
    groups = _from_folder(folder) if folder is not None else _mix(seed)
    timings = [_measure(group) for group in groups]
    if not timings:
        raise UserError(f"{folder}: no readable answers named SLUG/FILE.json or .xml in it")
    _show(_normalize_report(timings, seed), as_json=json)


def _mix(seed: int) -> list[list[Sample]]:
    groups: dict[tuple[str, str, int], list[Sample]] = {}
    for i, sample in enumerate(answers(seed)):
        groups.setdefault((sample.slug, sample.kind, i % 60), []).append(sample)
    return list(groups.values())


def _from_folder(folder: Path) -> list[list[Sample]]:
    known = registry().folders
    found = [
        [_sample(path)]
        for path in sorted(folder.glob("*/*"))
        if path.suffix in (".json", ".xml") and path.parent.name in known
    ]
    return [group for group in found if registry().carrier(group[0].slug).read(Answer(group[0].body)).understood]


def _sample(path: Path) -> Sample:
    body = path.read_bytes().strip()
    return Sample(path.parent.name, "xml" if body[:1] == b"<" else "json", body)


def _measure(group: list[Sample]) -> Timing:
    carrier = registry().carrier(group[0].slug)
    given = [Answer(sample.body) for sample in group]
    bodies = [sample.body for sample in group]
    decode = msgspec.json.decode if group[0].kind == "json" else etree.fromstring
    loops = max(1, 4_000 // sum(len(body) // 100 + 1 for body in bodies))

    def ours(*, audit: bool = False) -> None:
        for answer in given:
            carrier.read(answer, audit=audit)

    def bare() -> None:
        for body in bodies:
            decode(body)

    events = sum(len(r.events) for a in given for r in carrier.read(a).reading.results)
    sides = (ours, bare, lambda: ours(audit=True))
    best = [math.inf] * len(sides)
    for _ in range(PASSES):
        for i, side in enumerate(sides):
            best[i] = min(best[i], _seconds(side, loops))
    return Timing(group[0].kind, len(group), events, *best)


def _seconds(work: Callable[[], None], loops: int) -> float:
    start = time.perf_counter()
    for _ in range(loops):
        work()
    return (time.perf_counter() - start) / loops


def _normalize_report(timings: list[Timing], seed: int) -> dict[str, Any]:
    figures: dict[str, float] = {}
    ratios: dict[str, float] = {}
    for kind in ("json", "xml"):
        some = [t for t in timings if t.kind == kind]
        if some:
            seconds = sum(t.ours for t in some)
            figures[f"{kind}_payloads_per_s"] = round(sum(t.answers for t in some) / seconds)
            figures[f"{kind}_events_per_s"] = round(sum(t.events for t in some) / seconds)
            ratios[kind] = _mean_ratio(some)
            ratios[f"{kind}_audited"] = _geometric([t.bare / t.audited for t in some])
    ratios["all"] = _mean_ratio(timings)
    return report("normalize", seed, figures, ratios, NORMALIZE_GOALS)


def _mean_ratio(timings: list[Timing]) -> float:
    return _geometric([t.bare / t.ours for t in timings])


def _geometric(values: list[float]) -> float:
    return round(math.exp(sum(map(math.log, values)) / len(values)), 4)


@app.command
def detect(*, seed: int = 1, json: bool = False) -> None:
    """Matching of number formats, beside a loop of the same expressions; and how flat it stays up to 1,400 of them.

    Args:
        seed: Seed of the generated numbers and formats.
        json: Print JSON instead of a table.
    """
    _show(bench_detect.run(seed), as_json=json)


@app.command
def sheet(*, seed: int = 1, json: bool = False) -> None:
    """A daily sheet into the store, beside a bare COPY of the same rows; and whether memory stays flat.

    Args:
        seed: Seed of the generated rows.
        json: Print JSON instead of a table.
    """
    _show(bench_sheet.run(seed), as_json=json)


@app.command
def store(*, parcels: int = 2_000, seed: int = 1, json: bool = False) -> None:
    """Raw answers into states (received, read, joined, folded), beside a bare COPY of the same statements.

    Args:
        parcels: Parcels of a round; each has one answer with twelve statements.
        seed: Seed of the answers.
        json: Print JSON instead of a table.
    """
    _show(bench_store.run(seed, parcels), as_json=json)


@app.command
def pages(*, seed: int = 1, parcels: int | None = None, json: bool = False) -> None:
    """The list of parcels and a parcel's page, at ten thousand and at a million parcels, over an empty page.

    Takes some minutes and 3 GB of disk, which it gives back.

    Args:
        seed: Seed of the timelines and of what is asked.
        parcels: Parcels in place of a million, to try it.
        json: Print JSON instead of a table.
    """
    _show(bench_pages.run(seed, parcels), as_json=json)


def _show(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    table = Table("figure", "value", "floor", "goal", "holds", title=f"bench {result['bench']}, {result['machine']}")
    for name, value in result["figures"].items():
        table.add_row(name, f"{value:,}")
    for name, value in result["ratios"].items():
        goal = result["goals"].get(name, {})
        held = {True: "yes", False: "no"}.get(goal.get("met"), "")
        table.add_row(f"ratio {name}", f"{value:.3f}", str(goal.get("floor", "")), str(goal.get("goal", "")), held)
    Console().print(table)
