"""How soon news is seen at the same number of calls: the adaptive policy beside fixed intervals and beside back-off.

Rules, weights and names are those of the contracts (`docs/planner.md`). What the policy knows was learned on another
seed, and every fortnight on what the season had published by then; it sees only the answers that it asked for. The
price of a call is tuned until it makes as many calls a parcel as the policy beside it.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from everyleg.app.plugins import roots
from everyleg.cli.bench_report import report
from everyleg.cli.io import UserError
from everyleg.durations.gaps import Sums, sums_of
from everyleg.durations.hazards import learn
from everyleg.durations.together import Together, added, together_of
from everyleg.lab.freshness.batches import BatchFollower, BatchLesson, moves
from everyleg.lab.freshness.consignments import batched
from everyleg.lab.freshness.following import Follower, Lesson, at_calls, back_off, every
from everyleg.lab.freshness.journeys import Journey, gaps, journeys
from everyleg.lab.freshness.outcome import Outcome
from everyleg.lab.season import SeasonError, read
from everyleg.lab.world import Plan, PlanError, World
from everyleg.planner.policy.adaptive import Adaptive
from everyleg.ports.number_formats import load_formats

FIXED_H: Final = 6.0
BACK_OFF_H: Final = (3.0, 6.0, 12.0, 24.0)
FASTER: Final = 0.7
"""The pace of the lane on which `_shifted` was learned beforehand, where it counts in full."""

OTHER_SEED: Final = 1_000_003
"""Added to the seed: what is learned beforehand is learned there."""

LEARNED_ON: Final = 4000
"""Parcels of that season."""

BEFOREHAND: Final = 0.5
"""How much they count beside those of the season itself."""

FORTNIGHT: Final = 14 * 86_400.0

DAYS: Final = 60
"""Days on which the parcels of a season are made."""

PARCELS, IN_BATCHES = 2000, 6000
"""Of a season that is made, without and with --cohorts."""

_ABOUT: Final = 0.02
"""How far calls may differ where batches move: thousands are decided on by one look, so no price meets them exactly."""

_FLOORS: Final = {
    "mean": (0.85, 0.75),
    "weighted": (0.72, 0.60),
    "out_for_delivery": (0.35, 0.25),
    "delivered": (0.30, 0.20),
    "p95": (1.05, 1.0),
}
GOALS: Final = {f"{name}{of}": goal for of in ("", "_backoff", "_shifted") for name, goal in _FLOORS.items()} | {
    "mean_cohorts": (0.60, 0.45)
}
"""By ratio: the floor, and what is aimed at; less is better."""


def run(seed: int, parcels: int | None, season: Path | None, *, cohorts: bool) -> dict[str, Any]:
    """Measure; the result is the bench document of the contracts.

    Args:
        seed: of the season, where none is given.
        parcels: of that season; None: as many as are usual.
        season: a season file.
        cohorts: parcels travel in batches, and the policy knows which.

    Raises:
        UserError: where the season cannot be read or made, or holds nothing to be judged.
    """
    some = _season(seed, parcels, season, cohorts=cohorts)
    if not any(len(journey.published) for journey in some):
        raise UserError(f"{season or 'the season'}: no events to be seen in it; {_WANTED}")
    figures, ratios = (_cohorts if cohorts else _alone)(some, seed)
    result = report("freshness", seed, figures, ratios, GOALS)
    return result | {"season": season.name if season is not None else None}


_WANTED: Final = "make one with `everyleg lab season --seed 7 --parcels 2000 > FILE`"


def _season(seed: int, parcels: int | None, season: Path | None, *, cohorts: bool) -> list[Journey]:
    if season is not None:
        some = _from_file(season)
        if cohorts and all(journey.cohort is None for journey in some):
            raise UserError(
                f'{season}: no parcel of it has a "cohort"; leave --cohorts out, or name who travels together'
            )
        return some
    if cohorts:
        return batched(seed, parcels or IN_BATCHES, load_formats(roots()))
    return _made(seed, parcels or PARCELS)


def _alone(some: Sequence[Journey], seed: int) -> tuple[dict[str, float], dict[str, float]]:
    before = sums_of(gaps(_made(seed + OTHER_SEED, LEARNED_ON)))
    faster = sums_of(gaps(_made(seed + OTHER_SEED, LEARNED_ON, pace=FASTER)))
    own = _published(some)
    learning = Follower(some, _lessons(before, BEFOREHAND, own))
    shifted = Follower(some, _lessons(faster, 1.0, own))
    fixed, backing = every(some, FIXED_H), back_off(some, BACK_OFF_H)
    figures = _figures(some, fixed) | {"calls_backoff": round(backing.calls, 2)}
    ratios: dict[str, float] = {}
    price = 1.0
    for suffix, by, beside in (("", learning, fixed), ("_shifted", shifted, fixed), ("_backoff", learning, backing)):
        found, price = at_calls(beside.calls, partial(_at_price, by), price)
        _tell(figures, ratios, suffix, (found, price, beside))
    return figures, ratios


def _at_price(follower: Follower | BatchFollower, price: float) -> Outcome:
    return follower.follow(lambda hazards: Adaptive(hazards, price))


def _published(some: Sequence[Journey]) -> list[tuple[float, Sums]]:
    """What the season had published, fortnight by fortnight."""
    begun, ended = min(journey.begun for journey in some), max(journey.limit for journey in some)
    times = [begun + at * FORTNIGHT for at in range(1, int((ended - begun) / FORTNIGHT) + 1)]
    return [(at, sums_of(gaps([journey for journey in some if journey.begun < at], at))) for at in times]


def _lessons(before: Sums, weight: float, own: Sequence[tuple[float, Sums]]) -> list[Lesson]:
    """What is known from when on: what was learned before the season, then that and the season so far."""
    return [Lesson(0.0, learn(before)), *(Lesson(at, learn(before.scaled(weight) + sums)) for at, sums in own)]


def _cohorts(some: Sequence[Journey], seed: int) -> tuple[dict[str, float], dict[str, float]]:
    known = batched(seed + OTHER_SEED, LEARNED_ON, load_formats(roots()))
    before = sums_of(gaps(known)) + sums_of(gaps(_made(seed + OTHER_SEED, LEARNED_ON)))
    follower = BatchFollower(some, _batch_lessons(some, before, together_of(moves(known))))
    fixed = every(some, FIXED_H)
    sizes = Counter(journey.cohort for journey in some if journey.cohort is not None)
    extent = {"cohorts": len(sizes), "smallest": min(sizes.values()), "largest": max(sizes.values())}
    figures = _figures(some, fixed) | {name: float(size) for name, size in extent.items()}
    ratios: dict[str, float] = {}
    _tell(
        figures, ratios, "_cohorts", (*at_calls(fixed.calls, partial(_at_price, follower), 1.5, within=_ABOUT), fixed)
    )
    return figures, ratios


def _batch_lessons(some: Sequence[Journey], before: Sums, together: Together) -> list[BatchLesson]:
    """As `_lessons`, with how batches move."""
    lessons = _lessons(before, BEFOREHAND, _published(some))
    return [
        BatchLesson(lesson.since, lesson.hazards, added(together, together_of(moves(some, lesson.since))))
        for lesson in lessons
    ]


def _figures(some: Sequence[Journey], fixed: Outcome) -> dict[str, float]:
    hours = {f"{name}_fixed_h": round(value, 3) for name, value in fixed.figures().items()}
    return {"parcels": float(len(some)), "calls_fixed": round(fixed.calls, 2)} | hours


def _tell(
    figures: dict[str, float], ratios: dict[str, float], suffix: str, measured: tuple[Outcome, float, Outcome]
) -> None:
    found, price, beside = measured
    figures |= {f"{name}{suffix}_h": round(value, 3) for name, value in found.figures().items()}
    figures |= {f"calls_adaptive{suffix}": round(found.calls, 2), f"price{suffix}": round(price, 3)}
    ratios |= {f"{name}{suffix}": value for name, value in found.over(beside).items()}


def _made(seed: int, parcels: int, pace: float = 1.0) -> list[Journey]:
    try:
        return journeys(read(World(Plan(seed, parcels, days=DAYS, pace=pace), load_formats(roots())).lines()))
    except PlanError as error:
        raise UserError(str(error)) from error


def _from_file(season: Path) -> list[Journey]:
    try:
        with season.open("rb") as lines:
            return journeys(read(lines))
    except (OSError, SeasonError) as error:
        raise UserError(f"{season}: {getattr(error, 'strerror', None) or error}; {_WANTED}") from error
