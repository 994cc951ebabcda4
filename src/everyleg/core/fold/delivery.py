"""What a *delivered* means: the end of the way, a hand-off, a signature at a pick-up point, a return, or an echo."""

import re
from functools import lru_cache
from math import inf

from everyleg.core.fold.clusters import Cluster
from everyleg.core.fold.custody import Hold
from everyleg.core.fold.parcels import Parcel
from everyleg.core.fold.rules import ROUND
from everyleg.core.fold.sides import Border, home
from everyleg.core.fold.tellings import near
from everyleg.core.vocabulary import STATUSES

_STATION = re.compile(
    r"驿站|代收点|代办点|自提点|自提柜|快递柜|智能柜|丰巢|菜鸟柜|门店代收|便利店代收"
    r"|pick-?\s?up\s?(?:point|station|shop)|parcel\s?(?:shop|locker|box)|collection point|access point|service point"
    r"|packstation|paketshop|paketbox|point relais|relais colis|punto (?:di ritiro|de recogida)|paczkomat|pakkeboks",
    re.IGNORECASE,
)
"""Words of a place where parcels wait for their recipient."""

_LOCKER = re.compile(r"柜|locker|box|packstation|paczkomat|pakkeboks", re.IGNORECASE)

_COLLECTED = re.compile(
    r"已取|取走|取出|已被取|自取签收|取件码签收|collected by|has been collected|picked up by|abgeholt|retiré|recogid"
    r"|ritirat|odebran",
    re.IGNORECASE,
)
"""Words of the recipient having it."""

_SIGNATURES = frozenset({"delivered", "delivered_signed", "delivered_neighbour", "delivered_safe_place"})


def words_that_count(words: str) -> str:
    """Of what a source said only the words that decide here: a kind of place, that somebody collected it."""
    found = {match[0] for kind in (_STATION, _COLLECTED, _LOCKER) for match in kind.finditer(words)}
    return " · ".join(sorted(found))


def judge(parcel: Parcel, holds: list[Hold], events: list[Cluster], border: Border) -> None:
    """Give each *delivered* its meaning, in place; `events` in the order of their times.

    Sets `status` of hand-offs, waiting parcels and returns; `final` of what ends the way; `muted` of the rest.
    """
    for event in events:
        if event.status.milestone == "returned":
            event.final = True
        if event.status.milestone != "delivered":
            continue
        meaning = _meaning(event, parcel, holds, events, border)
        if meaning is None:
            event.muted = "echo"
            continue
        event.status = STATUSES[meaning]
        event.final = event.status.milestone in ("delivered", "returned")
    _let_people_overrule(events)


def _meaning(event: Cluster, parcel: Parcel, holds: list[Hold], events: list[Cluster], border: Border) -> str | None:
    """The sub-status that it has here; None when it is not for this leg to say."""
    told = event.status.sub_status
    if event.by_person:
        return told
    if border.first_return < event.t or event.legs & parcel.returns:
        return "returned"
    if not any(parcel.is_last(leg) for leg in event.legs):
        return _by_earlier_leg(event, parcel, holds, events, border)
    if told in _SIGNATURES and _waits(event, events):
        return "available_at_locker" if _LOCKER.search(_words(event)) else "available_at_counter"
    return _by_country(event, border)


def _by_earlier_leg(
    event: Cluster, parcel: Parcel, holds: list[Hold], events: list[Cluster], border: Border
) -> str | None:
    """A hand-off. Unless the last mile was on its round by then: it repeats a delivery that is not its to tell.
    Or unless nobody else speaks for the last mile, and this leg told of the round itself.
    """
    later = frozenset[int]().union(*(parcel.later[leg] for leg in event.legs)) - parcel.returns
    if any(holds[leg].accepted for leg in later):
        return None if _round_of(later, events) <= event.t else _hand_off(event, border)
    own_round = min(
        (e.t for e in events if e.legs & event.legs and e.status.milestone in ROUND - {"delivered"}),
        default=inf,
    )
    return event.status.sub_status if own_round <= event.t else _hand_off(event, border)


def _round_of(legs: frozenset[int], events: list[Cluster]) -> float:
    return min((e.t for e in events if e.legs & legs and e.status.milestone in ROUND), default=inf)


def _hand_off(event: Cluster, border: Border) -> str:
    at_origin = border.by_country(event.country) in ("origin", "transit")
    return "handed_to_other_carrier" if at_origin else "handed_to_last_mile"


def _by_country(event: Cluster, border: Border) -> str:
    """Delivered in the destination, or where no country is known. Back at the origin after it was abroad, or after
    customs rejected it, it is a return; anywhere else it went to another carrier.
    """
    told, here = event.status.sub_status, home(event.country)
    if here is None or here == border.destination:
        return told
    if here == border.origin and min(border.seen_abroad, border.first_rejection) < event.t:
        return "returned"
    return told if border.destination is None else "handed_to_other_carrier"


def _waits(event: Cluster, events: list[Cluster]) -> bool:
    """Whether the signature is the pick-up point's own: it names one, and the parcel was not waiting there before."""
    if not _names_station(_words(event)):
        return False
    return not any(e.status.milestone == "available_for_pickup" and e.t < event.t for e in events)


@lru_cache(maxsize=65_536)
def _names_station(words: str) -> bool:
    """Whether words name a pick-up point, and nobody who collected there."""
    return _STATION.search(words) is not None and _COLLECTED.search(words) is None


def _words(event: Cluster) -> str:
    best = event.witnesses[0].statement
    return f"{best.text or ''} {best.place.raw or ''}"


def _let_people_overrule(events: list[Cluster]) -> None:
    """A person who tells a problem or a return at the time of a carrier's *delivered* is believed."""
    denials = [e for e in events if e.by_person and (e.status.exception or e.status.milestone == "returned")]
    for event in events if denials else ():
        carriers_word = event.final and not event.by_person and event.status.milestone == "delivered"
        if carriers_word and any(near(event.witnesses[0], denial.witnesses[0]) for denial in denials):
            event.final, event.muted = False, "overruled"
