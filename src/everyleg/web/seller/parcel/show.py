"""From what the store holds of a parcel to what its page shows, in the reader's words."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts.roles import Permission
from everyleg.core.fold import Event, Timeline, View, view
from everyleg.core.vocabulary import STAGES, STATUSES
from everyleg.web.components.ribbon import Ribbon, ribbon
from everyleg.web.page import Page
from everyleg.web.seller.parcel import queries
from everyleg.web.seller.parcel.journey import Block, blocks, has_it, holders
from everyleg.web.seller.parcel.queries import Check, Head, NumberOf, Witness
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
    numbers = queries.numbers(connection, workspace, head.parcel_id)
    ids = [number.number_id for number in numbers]
    told = queries.timeline(keys, workspace, head.timeline)
    checks = queries.checks(connection, workspace, ids)
    witnesses = queries.witnesses(connection, keys, workspace, ids)
    personal = page.may(Permission.SEE_PERSONAL)
    return {
        "head": head,
        "numbers": _in_order(numbers, told),
        "timeline": told,
        "stage": stage,
        "tags": queries.tags(connection, workspace, head.parcel_id),
        "remarks": queries.remarks(connection, keys, workspace, head.parcel_id) if personal else [],
        "lines": queries.lines(connection, workspace, head.parcel_id),
        "replacement": queries.replacement(connection, workspace, head.parcel_id),
        "facts": _facts(page.words, head),
        "checked": checks[0].at if checks else None,
        "next_at": queries.next_check(connection, workspace, ids),
        "failing": [check for check in checks if check.outcome == "failed" and check.failed_kind],
        **_journey(page, head, told, checks, witnesses, stage),
    }


def _in_order(numbers: list[NumberOf], told: Timeline | None) -> list[NumberOf]:
    """The numbers leg by leg, as the journey has them."""
    legs = {(n.carrier, n.tracking_number): n.leg for n in told.numbers} if told else {}
    return sorted(numbers, key=lambda n: legs.get((n.carrier, n.tracking_number), len(legs)))


def _journey(
    page: Page, head: Head, told: Timeline | None, checks: list[Check], witnesses: dict[str, list[Witness]], stage: str
) -> dict[str, Any]:
    if told is None:
        return {"blocks": [], "anomalies": [], "spoke": None, "now_has": None, "seen": None}
    seen, t = view(told, page.now, head.facts), page.words
    band = _ribbon(told, page.now, seen, checks)
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


def _ribbon(told: Timeline, now: datetime, seen: View, checks: list[Check]) -> Ribbon:
    blind = bool(checks) and all(check.outcome == "failed" for check in checks)
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
        yours=t("parcel.your_time", time=t.moment(event.occurred_at)),
        exact=t.exact(event.occurred_at),
        flags=_flags(t, event),
        witnesses=[witness for key in event.witnesses for witness in witnesses.get(key, [])],
        problem=STATUSES[event.sub_status].exception,
        withdrawn=event.withdrawn,
        key=event.key,
    )


def _local(t: Words, event: Event) -> str:
    if event.occurred_local is None:
        return t.moment(event.occurred_at)
    return t.day(event.occurred_local) if event.time_basis == "date" else t.wall(event.occurred_local)


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
