"""The pages of flights and batches, and what people say of who is inside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct
from psycopg import Connection

from everyleg.accounts import audit
from everyleg.accounts.roles import Permission
from everyleg.core.fold.tellings import Telling
from everyleg.core.vocabulary import STATUSES
from everyleg.pipeline.ages import Age, ages
from everyleg.pipeline.consolidations.aboard import told_of
from everyleg.pipeline.consolidations.naming import Key
from everyleg.pipeline.consolidations.people import Inside
from everyleg.pipeline.consolidations.spreading import meaning
from everyleg.pipeline.consolidations.witnessing import inside_of
from everyleg.pipeline.known import Store
from everyleg.web.page import Answer, Html, Page, Reader, Sent
from everyleg.web.seller.consolidations import queries
from everyleg.web.seller.consolidations.queries import Member
from everyleg.web.seller.parcel.aboard import named
from everyleg.web.threads import threaded

SHOWN = 200
"""Rows that a page lists."""

_ARRIVALS = frozenset({"arrived_destination", "discharged", "import_customs_released", "handed_to_last_mile"})
_ENDED = frozenset({"delivered", "returned"})


class Row(Struct, frozen=True):
    """An event as it reads."""

    words: str
    text: str | None
    place: str
    carrier: str
    at: datetime
    withdrawn: bool
    problem: bool
    alone: bool
    """Whether it says nothing of the parcels inside."""


@get("/consolidations")
@threaded
def listed(page: Reader) -> Html:
    """The newest ones."""
    page.require(Permission.VIEW_PARCELS)
    with page.transaction() as connection:
        found = queries.listed(connection, page.workspace, SHOWN)
        count = queries.counted(connection, page.workspace)
    rows = [(one, named(page.words, one.key)) for one in found]
    return page.show("seller/consolidations/list.html", {"rows": rows, "count": count})


@get("/consolidations/{consolidation:int}")
@threaded
def show(page: Reader, consolidation: FromPath[int]) -> Html:
    """One: what happened to it, what is inside, who is missing."""
    page.require(Permission.VIEW_PARCELS)
    with page.transaction() as connection:
        return page.show("seller/consolidations/page.html", _whole(connection, page, consolidation))


def _whole(connection: Connection[Any], page: Page, consolidation: int) -> dict[str, Any]:
    workspace, t = page.workspace, page.words
    key = queries.key(connection, workspace, consolidation)
    if key is None:
        raise NotFoundException
    store = Store(connection, page.services.database.keys, workspace)
    told = told_of(store, {consolidation: key})
    members = queries.members(connection, workspace, consolidation, page.person.shop_ids)
    arrived = _arrived(told)
    find_missing(members, arrived)
    members.sort(key=lambda one: (not one.missing, one.never, one.milestone in _ENDED))
    around = inside_of(store, queries.tellers(connection, workspace, consolidation))
    return {
        "what": named(t, key),
        "consolidation": consolidation,
        "teller": key.carrier,
        "asked": _asked(store, key),
        "events": [_row(page, key.kind, one) for one in reversed(told)],
        "members": members[:SHOWN],
        "more": max(0, len(members) - SHOWN),
        "inside": sum(not one.never for one in members),
        "missing": sum(one.missing for one in members),
        "delivered": sum(one.milestone == "delivered" for one in members),
        "parts": [(one, named(t, part)) for one, part in queries.parts(connection, workspace, consolidation)],
        "around": [(one, named(t, part)) for one, part in around.items()],
        "expected": None if arrived else queries.expected(connection, workspace, consolidation),
    }


def _asked(store: Store, key: Key) -> list[Age]:
    """Who is asked for it, as far as anybody is: of an air waybill its airline."""
    numbers = queries.asked(store.connection, store.workspace, key) if key.kind == "mawb" else []
    return ages(store.connection, store.keys, store.workspace, numbers)


def _arrived(told: Sequence[Telling]) -> datetime | None:
    """When it arrived, by the first word that shows it."""
    standing = (one.statement for one in told if not one.withdrawn)
    return min((said.occurred_at for said in standing if said.sub_status in _ARRIVALS), default=None)


def find_missing(members: Sequence[Member], arrived: datetime | None) -> None:
    """Mark who was not heard of since the consolidation arrived, while others were."""
    if arrived is None:
        return
    under_way = [one for one in members if not one.never and one.left_at is None]
    heard = [one for one in under_way if one.spoke_at is not None and one.spoke_at >= arrived]
    for one in under_way if heard else ():
        one.missing = one.milestone not in _ENDED and (one.spoke_at is None or one.spoke_at < arrived)


def _row(page: Page, kind: str, told: Telling) -> Row:
    s, t = told.statement, page.words
    known = s.sub_status != "other"
    place = ", ".join(part for part in (s.place.city, s.place.country) if part) or s.place.raw or ""
    words = t.meaning(s.sub_status) if known else s.text or s.code or ""
    status = STATUSES[s.sub_status]
    return Row(
        words,
        s.text if known else None,
        place,
        page.carrier(told.ref.carrier),
        s.occurred_at,
        told.withdrawn,
        status.exception,
        meaning(kind, s.sub_status) is None,
    )


@post("/consolidations/{consolidation:int}/parcels")
@threaded
def say(page: Reader, consolidation: FromPath[int], form: Sent) -> Answer:
    """Say of a parcel that it never was inside, that it was, or when it was taken out."""
    page.require(Permission.CORRECT)
    deed, number = form.get("deed", ""), form.get("number", "")
    with page.transaction() as connection:
        limits = page.person.shop_ids
        members = queries.members(connection, page.workspace, consolidation, limits)
        known = {one.number_id for one in members if one.direct}
        if not number.isdecimal() or int(number) not in known:
            raise NotFoundException
        who = Inside(connection, page.workspace, consolidation, page.person.person_id)
        changed = _do(page, who, deed, int(number), form.get("at", ""))
        if changed:
            detail = {"consolidation": consolidation, "number": int(number), "deed": deed}
            audit.note(connection, page.services.database.keys, page.actor, "consolidation.corrected", None, detail)
    return page.go(f"/consolidations/{consolidation}")


def _do(page: Page, who: Inside, deed: str, number: int, at: str) -> int:
    if deed == "never":
        return who.withdraw([number], page.now)
    if deed == "again":
        return who.restore([number])
    try:
        moment = datetime.fromisoformat(at).replace(tzinfo=page.words.zone)
    except ValueError:
        return 0
    return who.take_out([number], moment) if deed == "out" else 0


ROUTES = [listed, show, say]
