"""From what the store holds of a parcel to what its page shows, in the reader's words."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection

from everyleg.accounts.roles import Permission
from everyleg.core.fold import Event, Timeline, View, view
from everyleg.core.vocabulary import STAGES, STATUSES
from everyleg.pipeline.ages import Age, ages, heard_until
from everyleg.web.components.ribbon import Ribbon, ribbon
from everyleg.web.page import Page
from everyleg.web.seller.parcel import aboard, queries
from everyleg.web.seller.parcel.companions import companions
from everyleg.web.seller.parcel.freshness import freshness
from everyleg.web.seller.parcel.journey import Block, blocks, has_it, holders
from everyleg.web.seller.parcel.queries import Head, NumberOf, Witness
from everyleg.web.words import Words, catalogue


class EventShown(Struct, frozen=True):
    """An event as its row reads."""

    words: str
    text: str | None
    place: str
    carrier: str
    local: str
    """On the clock where it happened."""
    zone: str
    yours: str
    """On the reader's clock."""
    exact: str
    flags: list[str]
    witnesses: list[Witness]
    problem: bool
    withdrawn: bool
    key: str
    part: str = ""
    """What the parcel was inside of, where the event is one of that."""


class BlockShown(Struct, frozen=True):
    """A block of the journey with its events as they read."""

    holder: str | None
    since: datetime | None
    to: datetime | None
    joint: Any
    awaited: bool
    events: list[EventShown]


def whole(connection: Connection[Any], page: Page, head: Head, stage: str) -> dict[str, Any]:
    """Everything that the page shows of a parcel."""
    keys, workspace = page.services.database.keys, page.workspace
    told = queries.timeline(keys, workspace, head.timeline)
    numbers = _in_order(queries.numbers(connection, workspace, head.parcel_id), told)
    ids = [number.number_id for number in numbers]
    known = ages(connection, keys, workspace, ids)
    witnesses = queries.witnesses(connection, keys, workspace, ids)
    witnesses |= aboard.witnesses(connection, page, numbers, told)
    personal = page.may(Permission.SEE_PERSONAL)
    journey = _journey(page, head, told, known, witnesses, stage)
    return {
        "head": head,
        "numbers": numbers,
        "timeline": told,
        "stage": stage,
        "tags": queries.tags(connection, workspace, head.parcel_id),
        "remarks": queries.remarks(connection, keys, workspace, head.parcel_id) if personal else [],
        "lines": queries.lines(connection, workspace, head.parcel_id),
        "parts": aboard.parts(connection, page, numbers),
        "replacement": queries.replacement(connection, workspace, head.parcel_id),
        "facts": _facts(page.words, head),
        **freshness(page, known),
        **journey,
        "companions": companions(connection, page, head.parcel_id, numbers, journey["spoke"]),
    }


def _in_order(numbers: list[NumberOf], told: Timeline | None) -> list[NumberOf]:
    """The numbers leg by leg, as the journey has them."""
    legs = {(n.carrier, n.tracking_number): n.leg for n in told.numbers} if told else {}
    return sorted(numbers, key=lambda n: legs.get((n.carrier, n.tracking_number), len(legs)))


def _journey(
    page: Page, head: Head, told: Timeline | None, known: list[Age], witnesses: dict[str, list[Witness]], stage: str
) -> dict[str, Any]:
    if told is None:
        return {"blocks": [], "anomalies": [], "spoke": None, "now_has": None, "seen": None}
    seen, t = view(told, page.now, head.facts), page.words
    # our blindness is no silence of the parcel's
    seen = replace(seen, expired=view(told, heard_until(known, page.now), head.facts).expired)
    band = _ribbon(told, page.now, seen, known)
    events = [event.occurred_at for event in told.events if not event.withdrawn]
    return {
        "seen": seen,
        "ribbon": band,
        "carriers": {s: " → ".join(map(page.carrier, held)) for s, held in holders(told).items()},
        "stage_names": {s: t.stage(s) for s in STAGES},
        "ladder": {s.stage: t.lasting(s.seconds) for s in band.segments if s.seconds is not None},
        "meanings": t.meanings(),
        "blocks": [_block(t, block, witnesses) for block in blocks(told, stage)],
        "anomalies": [_anomaly(t, anomaly.kind) for anomaly in told.anomalies],
        "spoke": max(events, default=None),
        "now_has": has_it(told),
    }


def _ribbon(told: Timeline, now: datetime, seen: View, known: list[Age]) -> Ribbon:
    asked = [age for age in known if age.outcome is not None]
    blind = bool(asked) and all(age.blind for age in asked)
    return ribbon(told, now, late=bool(seen.overdue or seen.expired), blind=blind)


def _block(t: Words, block: Block, witnesses: dict[str, list[Witness]]) -> BlockShown:
    shown = [_event(t, event, witnesses) for event in block.events]
    return BlockShown(block.holder, block.since, block.to, block.joint, block.awaited, shown)


def _event(t: Words, event: Event, witnesses: dict[str, list[Witness]]) -> EventShown:
    known = event.sub_status != "other"
    place = ", ".join(p for p in (event.place.city, event.place.country) if p) or event.place.raw or ""
    return EventShown(
        words=t.meaning(event.sub_status) if known else event.text or event.code or "",
        text=event.text if known else None,
        place=place,
        carrier=event.carrier,
        local=_local(t, event),
        zone=_zone(event),
        yours=_yours(t, event),
        exact=t.exact(event.occurred_at),
        flags=_flags(t, event),
        witnesses=[witness for key in dict.fromkeys(event.witnesses) for witness in witnesses.get(key, [])],
        problem=STATUSES[event.sub_status].exception,
        withdrawn=event.withdrawn,
        key=event.key,
        part=aboard.part_of(event.source),
    )


def _local(t: Words, event: Event) -> str:
    if event.occurred_local is None:
        return t.moment(event.occurred_at)
    return t.day(event.occurred_local) if event.time_basis == "date" else t.wall(event.occurred_local)


def _yours(t: Words, event: Event) -> str:
    """When it was on the reader's clock; empty where that says nothing more."""
    mine = t.moment(event.occurred_at)
    return "" if mine == _local(t, event) else t("parcel.your_time", time=mine)


def _zone(event: Event) -> str:
    if event.utc_offset is None or event.time_basis == "date":
        return ""
    return f"{'-' if event.utc_offset < 0 else '+'}{str(timedelta(minutes=abs(event.utc_offset)))[:-3]:0>5}"


def _flags(t: Words, event: Event) -> list[str]:
    guessed = event.utc_offset is None and event.time_basis == "assumed" and event.uncertainty_s >= 60
    return [
        *([t("parcel.day_only")] if event.time_basis == "date" else []),
        *([t("parcel.about", time=t.lasting(event.uncertainty_s))] if guessed else []),
        *([t("parcel.withdrawn")] if event.withdrawn else []),
        *([t("parcel.after_delivery")] if event.after_delivery else []),
    ]


def _anomaly(t: Words, kind: str) -> str:
    known = f"parcel.an_{kind}" in catalogue()
    return t(f"parcel.an_{kind}") if known else t("parcel.an_other", kind=kind.replace("_", " "))


def _facts(t: Words, head: Head) -> list[tuple[str, str]]:
    return [
        (t("parcel.order"), head.order or ""),
        (t("parcel.shop"), head.shop or ""),
        (t("parcel.channel"), head.channel or ""),
        (t("parcel.to"), t.country(head.destination)),
        (t("parcel.shipped"), t.moment(head.shipped_at) if head.shipped_at else ""),
        (t("parcel.promised"), t.moment(head.promised_by) if head.promised_by else ""),
    ]
