"""From several answers to the timelines of the parcels in them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec.structs import replace

from everyleg.core.fold import Facts, Timeline
from everyleg.core.model import Alias, Link, Observation, Ref, Result
from everyleg.pipeline.joining import Parts, evidence_of, fold_groups, link_kind, merged, number_of, with_estimate
from everyleg.ports.carrier import Answered
from everyleg.ports.manifest.reader import bare

_NEVER = datetime.max.replace(tzinfo=UTC)


def join(answers: Iterable[Answered], source: str = "carrier_api") -> list[tuple[Timeline, Facts]]:
    """Timelines of all parcels in `answers`, joined by their aliases, each with what its own answers say of the parcel.

    Which numbers belong together is found first; then each group is folded with its own facts.
    """
    groups = fold_groups(gather(answers, source))
    folded = [(timeline, group.facts) for group in groups for timeline in group.timelines]
    return sorted(folded, key=lambda pair: (min(n.tracking_number for n in pair[0].numbers), _start(pair[0])))


def _start(timeline: Timeline) -> datetime:
    return timeline.events[0].occurred_at if timeline.events else _NEVER


def gather(answers: Iterable[Answered], source: str = "carrier_api") -> Parts:
    """Observations, links, statements and facts of answers; what failed or is unknown tells nothing of a journey."""
    parts = Parts([], [], [], {})
    found = [(a.reading.carrier, r, f) for a in answers for r, f in zip(a.reading.results, a.facts, strict=True)]
    known = _known((carrier, result) for carrier, result, _ in found)
    for index, (carrier, result, facts) in enumerate(found):
        number = number_of(result)
        if result.outcome == "found" and number is not None:
            ref = Ref(carrier, number)
            parts.statements += [replace(s, rank=rank) for rank, s in enumerate(result.events)]
            parts.observations.append(_observation(ref, result, source, index))
            parts.links += [link for alias in result.aliases if (link := _link(ref, alias, known)) is not None]
            parts.facts[ref] = merged([parts.facts.get(ref, Facts()), with_estimate(facts, result)])
    return parts


def _known(results: Iterable[tuple[str, Result]]) -> dict[str, set[Ref]]:
    """The numbers whose carrier is known, by their bare form: found by it, or named with their carrier."""
    refs = set[Ref]()
    for carrier, result in results:
        if result.outcome != "found":
            continue
        if (number := number_of(result)) is not None:
            refs.add(Ref(carrier, number))
        refs |= {Ref(alias.carrier, alias.tracking_number) for alias in result.aliases if alias.carrier is not None}
    known: dict[str, set[Ref]] = {}
    for ref in refs:
        known.setdefault(bare(ref.tracking_number), set()).add(ref)
    return known


def _observation(ref: Ref, result: Result, source: str, index: int) -> Observation:
    first = result.events[0] if result.events else None
    identity = (first.observation if first else None) or f"answer-{index}"
    seen = first.observed_at if first else None
    return Observation(identity, ref.carrier, ref.tracking_number, seen, result.complete, source)


def _link(ref: Ref, alias: Alias, known: dict[str, set[Ref]]) -> Link | None:
    """The link that an alias makes. A number whose carrier nobody names joins the one answer that is here about it."""
    same = {other for other in known.get(bare(alias.tracking_number), ()) if alias.carrier in (None, other.carrier)}
    other = Ref(alias.carrier, alias.tracking_number) if alias.carrier is not None else None
    if len(same - {ref}) == 1:
        (other,) = same - {ref}
    if other is None or other == ref:
        return None
    return Link(link_kind(alias.relation), ref, other, alias.relation, evidence=evidence_of(ref))
