"""What was really wrong with a parcel, and when: derived from its way and from what could be seen of it.

- Problems of the way itself (`customs_hold`, `lost_handoff`, `address_problem`, `returning`, `damaged`, `lost`,
  `not_dispatched`) are noted where they happen.
- `late`: it ended (delivered, returned, cancelled, seized, declared lost) after `promised_by`, or not at all.
- `silence`: a carrier has it, news was due and none came for `silence_least_h`, and nothing published says why. It is
  about what could be known: a parcel that stands still, a hold that its carrier does not publish and a feed that is
  down are all silence.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from everyleg.lab.world.feeds import Told
from everyleg.lab.world.nature import Nature
from everyleg.lab.world.trip import Problem, Spell, Stall, Trip

HOUR = 3600
_NEVER = float("inf")


def truths(nature: Nature, trip: Trip, told: Sequence[Told]) -> list[Spell]:
    """Every problem of a trip, by its beginning. One problem is never real twice at one time."""
    found = [*trip.spells, *_late(trip), *_silences(nature, trip, told)]
    return _merged(sorted(found, key=lambda spell: (spell.since, spell.problem)))


def _merged(spells: list[Spell]) -> list[Spell]:
    """Spells of one problem that touch made one; its cause is the first that is shared."""
    merged: list[Spell] = []
    latest: dict[Problem, int] = {}
    for spell in spells:
        at = latest.get(spell.problem)
        if at is not None and _touch(merged[at], spell):
            until = merged[at].until or _NEVER
            longer = max(until, spell.until or _NEVER)
            cause = merged[at].cause or spell.cause
            merged[at] = merged[at]._replace(until=None if longer == _NEVER else longer, cause=cause)
        else:
            latest[spell.problem] = len(merged)
            merged.append(spell)
    return merged


def _touch(one: Spell, later: Spell) -> bool:
    """Whether two spells of a problem are one. News between two silences makes them two."""
    until = one.until or _NEVER
    return until > later.since or (until == later.since and one.problem != "silence")


def _late(trip: Trip) -> Iterator[Spell]:
    due, ended = trip.order.promised_by, trip.ended
    if ended is None or ended > due:
        yield Spell("late", due, ended, _decisive(trip, due))


def _decisive(trip: Trip, due: float) -> str | None:
    """The shared cause without which it would have been in time: the one that cost most."""
    if trip.ended is None:
        return None
    lost = [(s.until - s.since, s.cause) for s in trip.stalls if s.cause and s.until is not None]
    cost, cause = max(lost, default=(0.0, None))
    return cause if trip.ended - cost <= due else None


def _silences(nature: Nature, trip: Trip, told: Sequence[Told]) -> Iterator[Spell]:
    """Gaps between what could be seen, from when news was due until it came, once a carrier has the parcel. Stragglers
    of earlier steps break them."""
    least = nature.tables.problems.truths.silence_least_h * HOUR
    taken = next((scan.t for scan in trip.scans if scan.step == "picked_up"), _NEVER)
    seen = sorted(one.shown for one in told)
    for due, came, cause in (row for row in _expected(nature, trip, told) if row[0] >= taken):
        first, last = bisect_right(seen, due), len(seen) if came is None else bisect_right(seen, came)
        since = max(due, seen[first - 1]) if first else due
        for until in (*seen[first:last], *([None] if came is None else ())):
            if until is None or until - since >= least:
                yield Spell("silence", since, until, cause)
            since = until or since


def _expected(nature: Nature, trip: Trip, told: Sequence[Told]) -> Iterator[tuple[float, float | None, str | None]]:
    """When news was due, when it came, and why not before: standstills that nothing told of, feeds late or down."""
    steps = {one.step for one in told}
    for stall in trip.stalls:
        if not steps.intersection(stall.shown_by):
            yield _awaited(stall, told)
    for one in told:
        if one.shown > one.due:
            outage = nature.incidents("feed_outage", one.feed).within(one.due, one.shown)
            yield float(one.due), one.shown, outage.cause if outage else None


def _awaited(stall: Stall, told: Sequence[Told]) -> tuple[float, float | None, str | None]:
    """The news that a standstill kept back: due as long after its step as it was seen in the end (12 h at most)."""
    after = [one for one in told if stall.until is not None and one.t >= int(stall.until)]
    if not after:
        return stall.since, None, stall.cause
    lag = min(one.shown - one.t for one in after)
    return stall.since + min(max(lag, 0), 12 * HOUR), min(one.shown for one in after), stall.cause
