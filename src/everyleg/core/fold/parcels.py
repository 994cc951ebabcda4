"""Which numbers are one parcel, which legs follow which, and which life of a reused number a statement belongs to."""

from collections.abc import Iterable
from itertools import combinations
from math import inf
from typing import NamedTuple

from msgspec import Struct

from everyleg.core.fold.rules import ENDS, FORGOTTEN_AFTER_S, REUSED_AFTER_S, of_consolidation
from everyleg.core.fold.tellings import Telling, place_in_list
from everyleg.core.fold.timeline import Anomaly, Facts
from everyleg.core.model import Link, Ref
from everyleg.core.vocabulary import STATUSES, Status

Spans = dict[Ref, tuple[float, float]]
"""When each number had the parcel in hand: first and last scan, seconds."""


class Edge(NamedTuple):
    """Two numbers of one parcel: `up` hands to `down`; `back` when `down` takes it back to the sender."""

    up: Ref
    down: Ref
    back: bool


class Parcel(Struct):
    """One life of one parcel: its legs in the order of the way, and what was told of it."""

    facts: Facts
    legs: list[Ref]
    later: list[frozenset[int]]
    """For each leg, the legs that come after it on the way, by what the links say."""
    returns: frozenset[int]
    """Legs that take the parcel back."""
    life: int
    told: list[Telling]
    notes: list[Anomaly]

    def is_last(self, leg: int) -> bool:
        """Whether no leg follows this one on the way out."""
        return not (self.later[leg] - self.returns)


_STARTS = frozenset({"info_received", "picked_up"})
_IN_HAND = frozenset(
    row.sub_status for row in STATUSES.values() if row.moves and row.milestone not in ("info_received", "exception")
)


def in_hand(status: Status) -> bool:
    """Whether a row shows that its carrier has the parcel: a movement that is no label and no mere problem."""
    return status.sub_status in _IN_HAND


def gather(facts: Facts, links: Iterable[Link], told: list[Telling]) -> list[Parcel]:
    """The parcels that statements and standing links make, each number's lives apart; no statement, no parcel."""
    standing = _standing(links)
    joined = _edges(standing)
    edges, refused = _one_to_one(joined, _spans(told)) if joined else ([], [])
    spoken, below, notes = _by_ref(told, edges, refused + _replacements(standing))
    parcels: list[Parcel] = []
    for refs in _components(set(spoken) | {ref for edge in edges for ref in edge[:2]}, edges):
        said = [telling for ref in refs for telling in spoken.get(ref, ())]
        own = sorted(edge for ref in refs for edge in below.get(ref, ()))
        about = [note for ref in refs for note in notes.get(ref, ())]
        said = said if len(refs) == 1 else sorted(said, key=place_in_list)
        parcels += _lives(facts, refs, own, said, about)
    return parcels


def _by_ref(
    told: list[Telling], edges: list[Edge], notes: list[tuple[Ref, Anomaly]]
) -> tuple[dict[Ref, list[Telling]], dict[Ref, list[Edge]], dict[Ref, list[Anomaly]]]:
    spoken: dict[Ref, list[Telling]] = {}
    below: dict[Ref, list[Edge]] = {}
    about: dict[Ref, list[Anomaly]] = {}
    for telling in told:
        spoken.setdefault(telling.ref, []).append(telling)
    for edge in edges:
        below.setdefault(edge.up, []).append(edge)
    for ref, note in notes:
        about.setdefault(ref, []).append(note)
    return spoken, below, about


def _standing(links: Iterable[Link]) -> set[Link]:
    """Links without the withdrawn ones; a withdrawal without evidence takes back every link of its kind."""
    links = set(links)
    gone = {(x.kind, x.a, x.b, x.relation, x.evidence) for x in links if x.withdrawn}
    return {
        x for x in links if x.a != x.b and not {(x.kind, x.a, x.b, x.relation, e) for e in (x.evidence, None)} & gone
    }


def _edges(links: set[Link]) -> set[Edge]:
    """The one-to-one relations. Masters, pieces and replacements join nothing."""
    edges = set()
    for link in links:
        if link.kind != "same_parcel":
            continue
        if link.relation == "last_mile":
            edges.add(Edge(link.a, link.b, back=False))
        elif link.relation == "first_mile":
            edges.add(Edge(link.b, link.a, back=False))
        elif link.relation == "return":
            edges.add(Edge(link.a, link.b, back=True))
    return edges


def _spans(told: Iterable[Telling]) -> Spans:
    spans: Spans = {}
    for x in told:
        if not x.withdrawn and in_hand(x.status) and not of_consolidation(x.statement.source):
            first, last = spans.get(x.ref, (inf, -inf))
            spans[x.ref] = (min(first, x.t), max(last, x.t))
    return spans


def _one_to_one(edges: set[Edge], spans: Spans) -> tuple[list[Edge], list[tuple[Ref, Anomaly]]]:
    """Refuse relations that are not one-to-one: two numbers of one carrier, both moving at the same time, on the same
    side of a third. (One after the other they are a new label, or lives of a reused number.)
    """
    siblings: dict[tuple[Ref, bool, bool, str], set[Edge]] = {}
    for edge in edges:
        siblings.setdefault((edge.up, True, edge.back, edge.down.carrier), set()).add(edge)
        siblings.setdefault((edge.down, False, edge.back, edge.up.carrier), set()).add(edge)
    refused: set[Edge] = set()
    for (_, downward, _, _), group in siblings.items():
        for one, other in combinations(group, 2):
            a, b = (spans.get(e.down if downward else e.up, (inf, -inf)) for e in (one, other))
            if a[0] <= b[1] and b[0] <= a[1]:
                refused |= {one, other}
    notes = [
        (ref, Anomaly("shared_number", [], f"{_name(edge.up)} and {_name(edge.down)} not joined"))
        for edge in sorted(refused)
        for ref in (edge.up, edge.down)
    ]
    return sorted(edges - refused), notes


def _replacements(links: set[Link]) -> list[tuple[Ref, Anomaly]]:
    """A replaced parcel and its replacement stay two; each says so. The relation, where it is told, has the direction:
    `b` is the replacement of `a`; without it `a` replaces `b`.
    """
    notes: set[tuple[Ref, str, str]] = set()
    for link in links:
        if link.relation == "replacement":
            new, old = link.b, link.a
        elif link.kind == "replaces":
            new, old = link.a, link.b
        else:
            continue
        notes |= {(old, "replaced", _name(new)), (new, "replaces", _name(old))}
    return [(ref, Anomaly(kind, [], detail)) for ref, kind, detail in sorted(notes)]


def _name(ref: Ref) -> str:
    return f"{ref.carrier} {ref.tracking_number}"


def _components(refs: set[Ref], edges: list[Edge]) -> list[set[Ref]]:
    group = {ref: {ref} for ref in refs}
    for edge in edges:
        one, other = group[edge.up], group[edge.down]
        if one is not other:
            one |= other
            group.update(dict.fromkeys(other, one))
    return list({id(members): members for members in group.values()}.values())


def _depths(refs: set[Ref], edges: list[Edge]) -> dict[Ref, int]:
    """How many legs come before each; a circle of links ends by itself."""
    depth = dict.fromkeys(refs, 0)
    for _ in range(len(refs) - 1):
        for up, down, _back in edges:
            depth[down] = max(depth[down], depth[up] + 1)
    return depth


def _lives(facts: Facts, refs: set[Ref], edges: list[Edge], told: list[Telling], notes: list[Anomaly]) -> list[Parcel]:
    """The parcels that used these numbers one after the other. Facts, links and notes mean the newest."""
    depth = _depths(refs, edges)
    bounds = _cuts([x for x in told if not x.withdrawn and x.status.moves], depth)
    lives: list[list[Telling]] = [[] for _ in range(len(bounds) + 1)]
    for telling in told if bounds else ():
        lives[sum(telling.t >= bound for bound in bounds)].append(telling)
    lives = lives if bounds else [told]
    parcels = []
    for life, said in enumerate(lives):
        newest = life == len(lives) - 1
        members = {telling.ref for telling in said} if len(refs) > 1 else refs
        if newest and len(refs) > 1:
            members |= _awaited(refs, members, edges, told)
        if said:
            known = facts if newest else Facts()
            parcels.append(_parcel(known, members, edges, said, life))
            parcels[-1].notes = notes if newest else []
    return parcels


def _cuts(moves: list[Telling], depth: dict[Ref, int]) -> list[float]:
    """Instants between two lives: in the middle of a long silence that a fresh start ends."""
    cuts: list[float] = []
    ended, last = False, inf
    seen: set[Ref] = set()
    for x in moves:
        if x.status.milestone in _STARTS and x.t - last >= (REUSED_AFTER_S if ended else FORGOTTEN_AFTER_S):
            if x.ref not in seen and any(depth[ref] < depth[x.ref] for ref in seen):
                continue  # the first word of a later leg is no fresh start
            cuts.append((last + x.t) / 2)
            ended = False
        ended = ended or x.status.sub_status in ENDS
        last = x.t
        if len(depth) > 1:
            seen.add(x.ref)
    return cuts


def _awaited(refs: set[Ref], members: set[Ref], edges: list[Edge], told: list[Telling]) -> set[Ref]:
    """Linked numbers that have not spoken in the newest life: never heard of, or later on the way."""
    spoken = {telling.ref for telling in told}
    awaited = refs - spoken
    for _ in refs:
        awaited |= {down for up, down, _back in edges if up in members or up in awaited}
    return awaited


def _parcel(facts: Facts, members: set[Ref], edges: list[Edge], told: list[Telling], life: int) -> Parcel:
    own = [edge for edge in edges if edge.up in members and edge.down in members]
    depth, spans = _depths(members, own), _spans(told) if len(members) > 1 else {}
    legs = sorted(members, key=lambda ref: (depth[ref], spans.get(ref, (inf, inf))[0], ref))
    index = {ref: i for i, ref in enumerate(legs)}
    if len(legs) > 1:
        for telling in told:
            telling.leg = index[telling.ref]
    return Parcel(
        facts=facts,
        legs=legs,
        later=_later(index, own),
        returns=frozenset(index[edge.down] for edge in own if edge.back),
        life=life,
        told=told,
        notes=[],
    )


def _later(index: dict[Ref, int], edges: list[Edge]) -> list[frozenset[int]]:
    """For each leg, those behind it. In a circle of contradicting links none is behind another."""
    steps = [(index[up], index[down]) for up, down, _back in edges]
    reach: list[set[int]] = [set() for _ in index]
    for _ in index:
        for up, down in steps:
            reach[up] |= {down} | reach[down]
    return [frozenset(j for j in reach[i] if i not in reach[j]) for i in range(len(reach))]
