"""`POST /v1/parcels`: parcels to follow, each with what became of it."""

from typing import Annotated, Any

import msgspec
from babel import negotiate_locale
from litestar import Request, Response, post
from litestar.concurrency import sync_to_thread
from litestar.params import HeaderParameter, JSONBody, RawBody

from everyleg.accounts import audit
from everyleg.accounts.actors import Actor
from everyleg.accounts.roles import Permission
from everyleg.api.v1.access import Caller, need
from everyleg.api.v1.idempotency import Once
from everyleg.api.v1.items import Reading, rows_of, taken
from everyleg.api.v1.problems import Refusal
from everyleg.api.v1.responses import answer, problems
from everyleg.api.v1.services import Given, Services
from everyleg.api.v1.shapes import Became, NewParcels, TakenParcels
from everyleg.pipeline.again import again
from everyleg.sheets.adding import BATCH, add_batch
from everyleg.sheets.notes import Lang

MOST_BYTES = 8 << 20
_OUTCOMES: tuple[Became, ...] = ("added", "updated", "unchanged", "refused")

IdempotencyKey = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        required=False,
        max_length=255,
        description="A name of your own for this request (a UUID, say). Sent again with the same body within a day it "
        "gets the same answer (and the header Idempotency-Replayed); with another body it is refused.",
    ),
]


@post(
    "/parcels",
    status_code=200,
    summary="Follow parcels",
    operation_id="addParcels",
    description="Up to 1,000 parcels in one request, by the rules of the daily sheet. Each is taken or refused by "
    "itself; those taken are kept, whatever became of the others. Sending the same again changes nothing.",
    request_max_body_size=MOST_BYTES,
    responses=problems(413, 415) | {200: answer(TakenParcels, "What became of each.")},
)
async def add_parcels(
    request: Request[Any, Any, Any],
    caller: Caller,
    services: Given,
    data: JSONBody[NewParcels],
    body: RawBody,
    idempotency_key: IdempotencyKey = "",
) -> Response[TakenParcels]:
    """Follow parcels."""
    need(caller, Permission.ADD_PARCELS)
    if request.content_type[0] != "application/json":
        raise Refusal("media-type", "Send JSON, with Content-Type: application/json.")
    once = Once(services.database.keys, caller, idempotency_key, body)
    answer, replayed = await sync_to_thread(_added, services, caller, data, once, _language(request))
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return Response(answer, media_type="application/json", headers={"Cache-Control": "no-store", **headers})  # type: ignore[arg-type]


def _added(services: Services, actor: Actor, data: NewParcels, once: Once, lang: Lang) -> tuple[bytes, bool]:
    """The answer, and whether it was given before."""
    rows = rows_of(data.parcels, Reading(services.detector, services.carriers.slug_of))
    batches = [rows[first : first + BATCH] for first in range(0, len(rows), BATCH)]

    def done() -> tuple[bytes, bool]:
        with services.database.transaction(actor.workspace) as app:
            if (earlier := once.earlier(app)) is not None:
                return earlier, True
            fates = [
                fate for batch in batches for fate in add_batch(app, services.database, batch, actor, services.now())
            ]
            each = taken(data.parcels, fates, lang)
            counts: dict[str, int] = {kind: sum(one.outcome == kind for one in each) for kind in _OUTCOMES}
            if counts["added"] or counts["updated"]:
                audit.note(app, services.database.keys, actor, "parcels.added", None, counts)
            answer = msgspec.json.encode(TakenParcels(counts, each))
            once.keep(app, answer)
            return answer, False

    return again(done)


def _language(request: Request[Any, Any, Any]) -> Lang:
    wanted = [
        part.split(";")[0].strip().replace("-", "_") for part in request.headers.get("accept-language", "").split(",")
    ]
    return "zh" if negotiate_locale([one for one in wanted if one], ["en", "zh"]) == "zh" else "en"


ROUTES = [add_parcels]
