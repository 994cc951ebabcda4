"""The bench of reading: from bytes to a reading, beside bare untyped decoding (msgspec, lxml) of the same bytes."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from lxml import etree
from msgspec import Struct

from everyleg.app.plugins import registry
from everyleg.cli.bench_report import report
from everyleg.cli.io import UserError
from everyleg.lab.mix import Sample, answers
from everyleg.ports.answer import Answer

PASSES = 7
"""Times each group is measured; the fastest pass of each side counts, since noise only ever adds."""

GOALS = {"json": (0.17, 0.25), "xml": (0.25, 0.35)}
"""Floor and goal of reading ÷ bare parsing."""


class Timing(Struct, frozen=True):
    """One group of answers: seconds a pass, ours and the bare parser's."""

    kind: str
    answers: int
    events: int
    ours: float
    bare: float
    audited: float


def run(seed: int, folder: Path | None) -> dict[str, Any]:
    """The bench document, of our own mix, or of a folder of answers named SLUG/FILE.

    Raises:
        UserError: the folder holds no answer that is read.
    """
    groups = _from_folder(folder) if folder is not None else _mix(seed)
    timings = [_measure(group) for group in groups]
    if not timings:
        raise UserError(f"{folder}: no readable answers named SLUG/FILE.json or .xml in it")
    return _report(timings, seed)


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


def _report(timings: list[Timing], seed: int) -> dict[str, Any]:
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
    return report("normalize", seed, figures, ratios, GOALS)


def _mean_ratio(timings: list[Timing]) -> float:
    return _geometric([t.bare / t.ours for t in timings])


def _geometric(values: list[float]) -> float:
    return round(math.exp(sum(map(math.log, values)) / len(values)), 4)
