"""From several answers to the timelines of the parcels in them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from everyleg.core.fold import Facts, Timeline, fold
from everyleg.core.model import Alias, Link, LinkKind, Observation, Ref, Result, Statement
from everyleg.ports.carrier import Answered
from everyleg.ports.manifest.reader import bare

_NEVER = datetime.max.replace(tzinfo=UTC)


class Parts(Struct):
    """What the fold takes, gathered from answers."""

    observations: list[Observation]
    links: list[Link]
    statements: list[Statement]
    facts: dict[Ref, Facts]
    """What each number's answer says of where the parcel comes from and goes to."""


def join(answers: Iterable[Answered], source: str = "carrier_api") -> list[tuple[Timeline, Facts]]:
    """Timelines of all parcels in `answers`, joined by their aliases, each with what its own answers say of the parcel.

    Which numbers belong together is found first; then each group is folded with its own facts.
    """
    parts = gather(answers, source)
    groups = _groups(fold(Facts(), parts.observations, parts.links, parts.statements))
    folded = [(timeline, facts) for refs in groups for timeline, facts in _fold_group(refs, parts)]
    return sorted(folded, key=lambda pair: (min(r.tracking_number for r in _refs(pair[0])), _start(pair[0])))


def _groups(timelines: list[Timeline]) -> list[set[Ref]]:
    """Numbers that share a timeline; lives of one number share it too."""
    groups: list[set[Ref]] = []
    for timeline in timelines:
        refs = set(_refs(timeline))
        joined = [group for group in groups if group & refs]
        groups = [group for group in groups if not group & refs]
        groups.append(refs.union(*joined))
    return groups


def _refs(timeline: Timeline) -> Iterator[Ref]:
    return (Ref(n.carrier, n.tracking_number) for n in timeline.numbers)


def _start(timeline: Timeline) -> datetime:
    return timeline.events[0].occurred_at if timeline.events else _NEVER


def _fold_group(refs: set[Ref], parts: Parts) -> list[tuple[Timeline, Facts]]:
    facts = _merged(parts.facts[ref] for ref in sorted(refs) if ref in parts.facts)
    timelines = fold(
        facts,
        [o for o in parts.observations if Ref(o.carrier, o.tracking_number) in refs],
        [link for link in parts.links if link.a in refs or link.b in refs],
        [s for s in parts.statements if Ref(s.carrier, s.tracking_number) in refs],
    )
    return [(timeline, facts) for timeline in timelines]


def _merged(facts: Iterable[Facts]) -> Facts:
    """One parcel's facts: the first answer that says one wins, the latest estimate stands."""
    merged = Facts()
    for said in facts:
        estimates = [e for e in (merged.carrier_estimate, said.carrier_estimate) if e]
        merged = Facts(
            merged.origin or said.origin,
            merged.destination or said.destination,
            merged.promised_by or said.promised_by,
            max(estimates) if estimates else None,
        )
    return merged


def gather(answers: Iterable[Answered], source: str = "carrier_api") -> Parts:
    """Observations, links, statements and facts of answers; what failed or is unknown tells nothing of a journey."""
    parts = Parts([], [], [], {})
    found = [(a.reading.carrier, r, f) for a in answers for r, f in zip(a.reading.results, a.facts, strict=True)]
    known = {bare(n): Ref(c, n) for c, r, _ in found if (n := _number(r)) is not None}
    for index, (carrier, result, facts) in enumerate(found):
        number = _number(result)
        if result.outcome == "found" and number is not None:
            ref = Ref(carrier, number)
            parts.statements += [replace(s, rank=rank) for rank, s in enumerate(result.events)]
            parts.observations.append(_observation(ref, result, source, index))
            parts.links += [link for alias in result.aliases if (link := _link(ref, alias, known)) is not None]
            parts.facts[ref] = _merged([parts.facts.get(ref, Facts()), _with_estimate(facts, result)])
    return parts


def _with_estimate(facts: Facts, result: Result) -> Facts:
    """Facts with the end of the carrier's estimate; of a day, its end in UTC."""
    if result.estimated_delivery is None:
        return facts
    said = datetime.fromisoformat(result.estimated_delivery.to)
    if len(result.estimated_delivery.to) == len("2026-11-20"):
        said += timedelta(days=1)
    return replace(facts, carrier_estimate=said if said.tzinfo else said.replace(tzinfo=UTC))


def _number(result: Result) -> str | None:
    return result.asked or result.tracking_number


def _observation(ref: Ref, result: Result, source: str, index: int) -> Observation:
    first = result.events[0] if result.events else None
    identity = (first.observation if first else None) or f"answer-{index}"
    seen = first.observed_at if first else None
    return Observation(identity, ref.carrier, ref.tracking_number, seen, result.complete, source)


def _link(ref: Ref, alias: Alias, known: dict[str, Ref]) -> Link | None:
    """The link that an alias makes. A number whose carrier nobody names joins only an answer that is here."""
    other = known.get(bare(alias.tracking_number))
    if alias.carrier is not None and (other is None or other.carrier != alias.carrier):
        other = Ref(alias.carrier, alias.tracking_number)
    if other is None or other == ref:
        return None
    kind: LinkKind = "replaces" if alias.relation == "replacement" else "same_parcel"
    return Link(kind, ref, other, alias.relation, evidence=f"named by {ref.carrier} {ref.tracking_number}")
