"""A journey in a buyer's words: one sentence, five steps, what happened."""

from datetime import datetime

from msgspec import Struct

from everyleg.core.vocabulary import STAGES
from everyleg.web.components.glance import EventSeen, Glance
from everyleg.web.components.ribbon import Ribbon
from everyleg.web.words import Words, catalogue

_MUST_ACT = frozenset({"held_for_payment", "import_duty_due", "recipient_data_wrong", "address_problem"})
"""Where only the buyer can help."""
_OVER = ("delivered", "returned")


class Told(Struct, frozen=True):
    """One event as a buyer reads it."""

    words: str
    place: str
    when: str
    exact: str


def sentence(t: Words, glance: Glance) -> str:
    """What is happening."""
    if glance.sub_status in _MUST_ACT:
        return t(f"buyer.act_{glance.sub_status}")
    if glance.exception:
        return t("buyer.now_failed" if glance.milestone == "delivery_failed" else "buyer.now_problem")
    return t(f"buyer.now_{glance.milestone}")


def must_act(glance: Glance) -> bool:
    """Whether the buyer has to do something."""
    return glance.sub_status in _MUST_ACT


def steps(t: Words, band: Ribbon, glance: Glance) -> tuple[dict[str, str], dict[str, str]]:
    """The five steps' names, and under each when it began."""
    began: dict[str, datetime] = {}
    for event in glance.events:
        if not event.withdrawn and not event.after_delivery and event.sub_status != "other":
            began.setdefault(event.stage, event.occurred_local or event.occurred_at)
    names = {stage: t(f"buyer.step_{stage}") for stage in STAGES}
    reached = {s.stage for s in band.segments if s.state in ("past", "current")}
    return names, {stage: t.day(at) for stage, at in began.items() if stage in reached}


def events(t: Words, glance: Glance) -> list[Told]:
    """What happened, newest first; what a carrier took back and what nobody understands is left out."""
    standing = [e for e in glance.events if not e.withdrawn and e.sub_status != "other"]
    return [_told(t, event) for event in reversed(standing)]


def _words(t: Words, sub_status: str) -> str:
    """What a buyer reads: without the trade's words where the vocabulary has them."""
    key = f"buyer.e_{sub_status}"
    return t(key) if key in catalogue() else t.meaning(sub_status)


def _told(t: Words, event: EventSeen) -> Told:
    place = event.place.city or t.country(event.place.country)
    local = event.occurred_local
    when = t.wall(local) if local else t.moment(event.occurred_at)
    return Told(_words(t, event.sub_status), place, when, t.exact(event.occurred_at))


def expected(t: Words, glance: Glance, promised_by: datetime | None) -> str | None:
    """The day by which it should be there, while that can still be kept."""
    on_the_way = promised_by is not None and not _over(glance) and promised_by > t.now
    return t("buyer.by", day=t.day(promised_by.astimezone(t.zone))) if promised_by and on_the_way else None


def is_late(t: Words, glance: Glance, promised_by: datetime | None) -> bool:
    """Whether that day has passed."""
    return promised_by is not None and not _over(glance) and promised_by <= t.now


def _over(glance: Glance) -> bool:
    return glance.milestone in (*_OVER, "returning")
