"""`GET /v1/parcels…`: a parcel, its events, and parcels by number or order."""

import base64
import binascii
import hashlib
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, HeaderParameter, QueryParameter
from msgspec import UNSET
from psycopg import Connection

from everyleg.accounts.actors import Actor
from everyleg.accounts.roles import Permission
from everyleg.api.v1 import queries
from everyleg.api.v1.access import Caller, need
from everyleg.api.v1.problems import Refusal
from everyleg.api.v1.queries import Head
from everyleg.api.v1.responses import answer, problems
from everyleg.api.v1.services import Given, Services
from everyleg.api.v1.shapes import Check, Events, Failure, Parcel, Parcels, Told
from everyleg.core.fold import Event
from everyleg.numbers.normalize import normalize
from everyleg.pipeline.ages import Age
from everyleg.pipeline.journeys import Journey, load_journey
from everyleg.store.sealing import Keyring, about_column

MOST, USUAL = 500, 100
"""Entries of a page: at most, and unless told."""
MOST_TERMS = 200
_NEXT_ID = 2**63 - 1
_JSON = "application/json"

Limit = Annotated[int, QueryParameter(ge=1, le=MOST, required=False, description="Entries of a page.")]
After = Annotated[
    str,
    QueryParameter(max_length=200, required=False, description="`next` of the page before; left out: the first page."),
]
IfNoneMatch = Annotated[
    str,
    HeaderParameter(name="If-None-Match", required=False, max_length=1000, description="An ETag: 304 while it holds."),
]
Terms = Annotated[list[str] | None, QueryParameter(required=False, description="Repeatable; at most 200.")]


@get(
    "/parcels/{parcel:int}",
    summary="A parcel",
    operation_id="getParcel",
    description="What the fold makes of everything that was told, what the seller said, and how fresh it is. A parcel "
    "that was joined to another leads there (307); joins can be taken back.",
    responses=problems(404)
    | {
        200: answer(Parcel, "The parcel."),
        304: answer(None, "It is as it was."),
        307: answer(None, "It was joined to the one in Location."),
    },
)
async def get_parcel(
    caller: Caller, services: Given, parcel: FromPath[int], if_none_match: IfNoneMatch = ""
) -> Response[Any]:
    """A parcel."""
    need(caller, Permission.VIEW_PARCELS)
    found = await sync_to_thread(_parcel, services, caller, parcel)
    return _moved(found, "") if isinstance(found, int) else _tagged(found, if_none_match)


@get(
    "/parcels/{parcel:int}/events",
    summary="Events of a parcel",
    operation_id="listEvents",
    description="Event documents, oldest first, each with its witnesses. Events that a source took back stay, marked "
    "`withdrawn`; an event that an earlier page has shown may have moved when its parcel was folded anew.",
    responses=problems(404)
    | {
        200: answer(Events, "A page of its events."),
        304: answer(None, "The page is as it was."),
        307: answer(None, "The parcel was joined to the one in Location."),
    },
)
async def list_events(
    caller: Caller,
    services: Given,
    parcel: FromPath[int],
    after: After = "",
    limit: Limit = USUAL,
    if_none_match: IfNoneMatch = "",
) -> Response[Any]:
    """Events of a parcel."""
    need(caller, Permission.VIEW_PARCELS)
    found = await sync_to_thread(_events, services, caller, parcel, after, limit)
    return _moved(found, "/events") if isinstance(found, int) else _tagged(found, if_none_match)


@get(
    "/parcels",
    summary="Parcels",
    operation_id="listParcels",
    description="All parcels, or those of some tracking numbers and orders, by id. A number is found as it was sent "
    "or as carriers write it.",
    responses=problems() | {200: answer(Parcels, "A page of them.")},
)
async def list_parcels(
    caller: Caller,
    services: Given,
    tracking_number: Terms = None,
    order_reference: Terms = None,
    after: After = "",
    limit: Limit = USUAL,
) -> Response[Parcels]:
    """Parcels."""
    need(caller, Permission.VIEW_PARCELS)
    numbers, orders = tracking_number or [], [order.replace("\x00", "") for order in order_reference or []]
    if len(numbers) + len(orders) > MOST_TERMS:
        raise Refusal("invalid", f"Ask for at most {MOST_TERMS} numbers and orders at once.")
    spelt = [text for sent in numbers for text in _spellings(sent)]
    found = await sync_to_thread(_parcels, services, caller, (spelt, orders), after, limit)
    return Response(found, headers={"Cache-Control": "no-store"})


def _head(connection: Connection[Any], caller: Actor, parcel: int) -> Head:
    found = queries.head(connection, caller, parcel) if parcel < _NEXT_ID else None
    if found is None:
        raise Refusal("not-found", "No parcel of this workspace has this id.")
    return found


def _parcel(services: Services, caller: Actor, parcel: int) -> Parcel | int:
    """The document, or the parcel that this one was joined to."""
    keys, workspace = services.database.keys, caller.workspace
    with services.database.transaction(workspace) as app:
        head = _head(app, caller, parcel)
        if head.merged_into is not None:
            return head.merged_into
        journey = _journey(app, keys, workspace, parcel)
        goods = queries.lines(app, caller, parcel)
    personal = caller.may(Permission.SEE_PERSONAL)
    told = journey.timeline
    return Parcel(
        id=parcel,
        version=journey.version,
        order_reference=head.order,
        shop=head.shop,
        channel=head.channel,
        country=head.country,
        postcode=_opened(keys, workspace, "destination_postcode", head.postcode) if personal else UNSET,
        buyer_email=_opened(keys, workspace, "buyer_email", head.email) if personal else UNSET,
        shipped_at=head.shipped_at,
        promised_by=head.promised_by,
        lines=goods,
        tags=head.tags,
        checks=[_check(age) for age in journey.checks],
        created_at=head.created_at,
        stopped_at=head.stopped_at,
        archived_at=head.archived_at,
        **{name: getattr(told, name) for name in _OF_TIMELINE},
    )


_OF_TIMELINE = (
    *("milestone", "sub_status", "stage", "exception", "delivered_at", "since", "reached", "numbers"),
    *("legs", "custody", "handoffs", "dwell_s", "anomalies"),
)


def _journey(connection: Connection[Any], keys: Keyring, workspace: int, parcel: int) -> Journey:
    found = load_journey(connection, keys, workspace, parcel)
    if found is None:
        raise Refusal("not-found", "No parcel of this workspace has this id.")
    return found


def _opened(keys: Keyring, workspace: int, column: str, sealed: bytes | None) -> str | None:
    return keys.open_text(sealed, about_column(workspace, f"shipments.{column}"))


def _check(age: Age) -> Check:
    failure = Failure(age.failed_kind or "", age.failed_detail) if age.blind else None
    return Check(
        carrier=age.carrier,
        tracking_number=age.tracking_number,
        source=age.source,
        checked_at=age.checked_at,
        outcome=age.outcome,
        failure=failure,
        answered_at=age.answered_at,
        spoke_at=age.spoke_at,
        next_check_at=age.next_at,
        next_check_why=age.why,
    )


def _events(services: Services, caller: Actor, parcel: int, after: str, limit: int) -> Events | int:
    with services.database.transaction(caller.workspace) as app:
        head = _head(app, caller, parcel)
        if head.merged_into is not None:
            return head.merged_into
        journey = _journey(app, services.database.keys, caller.workspace, parcel)
    events = journey.timeline.events
    first = _place(events, after)
    shown = events[first : first + limit]
    keys = dict.fromkeys(key for event in shown for key in (event.key, *event.witnesses))
    told = {
        key: [Told(one.source, one.observation_id, one.observed_at) for one in journey.witnesses[key]]
        for key in keys
        if key in journey.witnesses
    }
    return Events(shown, told, _cursor(shown[-1]) if first + limit < len(events) else None)


def _cursor(event: Event) -> str:
    return _packed(f"{event.occurred_at.isoformat()} {event.key}")


def _place(events: list[Event], after: str) -> int:
    """Where the page after a cursor begins; if its event is gone, behind all that happened by then."""
    if not after:
        return 0
    at, _, key = _unpacked(after).partition(" ")
    known = next((place for place, event in enumerate(events, 1) if event.key == key), None)
    return known if known is not None else sum(event.occurred_at.isoformat() <= at for event in events)


def _parcels(services: Services, caller: Actor, terms: tuple[list[str], list[str]], after: str, limit: int) -> Parcels:
    begin = _unpacked(after) if after else "0"
    if not (begin.isdecimal() and len(begin) < 19):
        raise Refusal("invalid", "`after` is not the `next` of a page.")
    with services.database.transaction(caller.workspace) as app:
        found = queries.find(app, caller, *terms) if any(terms) else None
        rows = queries.page(app, caller, int(begin), limit + 1, found)
    more = _packed(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Parcels(rows[:limit], more)


def _spellings(number: str) -> list[str]:
    plain = number.replace("\x00", "").strip()
    return [text for text in dict.fromkeys((plain, normalize(plain).text)) if text]


def _packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _unpacked(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (ValueError, binascii.Error) as error:
        raise Refusal("invalid", "`after` is not the `next` of a page.") from error


def _moved(to: int, rest: str) -> Response[Any]:
    headers = {"Location": f"/v1/parcels/{to}{rest}", "Cache-Control": "no-store"}
    return Response(None, status_code=307, headers=headers)


def _tagged(document: Parcel | Events, if_none_match: str) -> Response[Any]:
    """The document with its ETag; 304 when the caller has it already."""
    body = msgspec.json.encode(document)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    if tag in known or "*" in known:
        return Response(None, status_code=304, headers=headers)
    return Response(body, media_type=_JSON, headers=headers)


ROUTES = [get_parcel, list_events, list_parcels]
