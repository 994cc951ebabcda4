"""Which answers are one journey, and what they say of it together: shared by the store and by a handful of files."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from everyleg.core.fold import Facts, Timeline, fold
from everyleg.core.model import Link, LinkKind, Observation, Ref, Relation, Result, Statement

JOINS = frozenset({"last_mile", "first_mile", "return"})
"""Relations of `same_parcel` links that make two numbers one parcel."""


class Parts(Struct):
    """What the fold takes, of some numbers."""

    observations: list[Observation]
    links: list[Link]
    statements: list[Statement]
    facts: dict[Ref, Facts]
    """What each number's answers say of where the parcel comes from and goes to."""


class Group(Struct):
    """Numbers that share a journey, with the timelines of its lives."""

    refs: frozenset[Ref]
    facts: Facts
    timelines: list[Timeline]


def fold_groups(parts: Parts, given: Mapping[Ref, Facts] | None = None) -> list[Group]:
    """Timelines of all parcels in `parts`, each group of numbers folded with its own facts.

    Args:
        parts: of any numbers.
        given: what is known of parcels besides what carriers say; it comes first.
    """
    return [group for part in _parted(parts) for group in _fold_part(part, given or {})]


def _parted(parts: Parts) -> list[Parts]:
    """The same, apart as far as no link goes across."""
    if len(parts.facts) <= 1:
        return [parts]
    part_of: dict[Ref, Parts] = {}
    for link in parts.links:
        one, other = (part_of.setdefault(ref, Parts([], [], [], {})) for ref in (link.a, link.b))
        if one is not other:
            part_of.update({ref: one for ref, part in part_of.items() if part is other})
    for link in parts.links:
        part_of[link.a].links.append(link)
    for ref, facts in parts.facts.items():
        part_of.setdefault(ref, Parts([], [], [], {})).facts[ref] = facts
    for observation in parts.observations:
        part_of[Ref(observation.carrier, observation.tracking_number)].observations.append(observation)
    for statement in parts.statements:
        part_of[Ref(statement.carrier, statement.tracking_number)].statements.append(statement)
    return [part for part in {id(part): part for part in part_of.values()}.values() if part.statements]


def _fold_part(part: Parts, given: Mapping[Ref, Facts]) -> list[Group]:
    """Which numbers belong together is found first. A link that was refused is refused because of what all its numbers
    say, so each group is picked from the fold of the whole.
    """
    alone = len(part.facts) == 1 and not part.links
    groups = [frozenset(part.facts)] if alone else _groups(_fold(Facts(), part))
    found = []
    for refs in groups:
        known = [source[ref] for source in (given, part.facts) for ref in sorted(refs) if ref in source]
        facts = merged(known)
        found.append(Group(refs, facts, [t for t in _fold(facts, part) if refs.issuperset(refs_of(t))]))
    return found


def _fold(facts: Facts, part: Parts) -> list[Timeline]:
    return fold(facts, part.observations, part.links, part.statements)


def _groups(timelines: Iterable[Timeline]) -> list[frozenset[Ref]]:
    """Numbers that share a timeline; lives of one number share it too."""
    groups: list[frozenset[Ref]] = []
    for timeline in timelines:
        refs = frozenset(refs_of(timeline))
        joined = [group for group in groups if group & refs]
        groups = [group for group in groups if not group & refs]
        groups.append(refs.union(*joined))
    return groups


def refs_of(timeline: Timeline) -> Iterator[Ref]:
    """The numbers of a timeline."""
    return (Ref(n.carrier, n.tracking_number) for n in timeline.numbers)


def merged(facts: Iterable[Facts]) -> Facts:
    """One parcel's facts: who says one first wins, the latest estimate stands."""
    whole = Facts()
    for said in facts:
        estimates = [e for e in (whole.carrier_estimate, said.carrier_estimate) if e]
        whole = Facts(
            whole.origin or said.origin,
            whole.destination or said.destination,
            whole.promised_by or said.promised_by,
            max(estimates) if estimates else None,
        )
    return whole


def with_estimate(facts: Facts, result: Result) -> Facts:
    """Facts with the end of the carrier's estimate; of a day, its end in UTC."""
    if result.estimated_delivery is None:
        return facts
    said = datetime.fromisoformat(result.estimated_delivery.to)
    if len(result.estimated_delivery.to) == len("2026-11-20"):
        said += timedelta(days=1)
    return replace(facts, carrier_estimate=said if said.tzinfo else said.replace(tzinfo=UTC))


def number_of(result: Result) -> str | None:
    """The number that a result is about."""
    return result.asked or result.tracking_number


def link_kind(relation: Relation) -> LinkKind:
    """What an alias joins: a replacement is another parcel, every other alias is about the same one."""
    return "replaces" if relation == "replacement" else "same_parcel"


def evidence_of(ref: Ref) -> str:
    """What a link that an answer names rests on."""
    return f"named by {ref.carrier} {ref.tracking_number}"
