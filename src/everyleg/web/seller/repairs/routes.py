"""Quarantine, and unknown codes and texts with their teaching."""

from litestar import get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from everyleg.accounts import audit, submissions
from everyleg.accounts.roles import Permission
from everyleg.core.vocabulary import STATUSES
from everyleg.core.wording import classify
from everyleg.pipeline import quarantine as aside
from everyleg.pipeline.journeys import raw_answer
from everyleg.pipeline.unknowns import Unknown, Word, forget, listed, teach
from everyleg.web.page import Answer, Html, Reader, Sent
from everyleg.web.seller.parcel.raw import laid_out
from everyleg.web.seller.repairs import queries
from everyleg.web.threads import threaded

PAGE = 50
"""Rows of a page."""


class Guessed(Struct, frozen=True):
    """An unknown word and what it probably means."""

    word: Unknown
    guess: str | None


@get("/quarantine")
@threaded
def quarantine(page: Reader) -> Html:
    """Answers that could not be read, with the reason."""
    page.require(Permission.SEE_RAW)
    text = page.request.query_params.get("before", "")
    before = int(text) if text.isdecimal() and len(text) < 18 else None
    with page.transaction() as connection:
        found = aside.listed(connection, page.services.database.keys, page.workspace, before=before, most=PAGE + 1)
        count = queries.count_aside(connection, page.workspace)
    more = found[PAGE - 1].observation_id if len(found) > PAGE else None
    context = {"rows": found[:PAGE], "count": count, "cap": queries.CAP, "next": more, "back": before is not None}
    return page.show("seller/repairs/quarantine.html", context)


@get("/quarantine/{observation:int}")
@threaded
def put_aside(page: Reader, observation: FromPath[int]) -> Html:
    """The bytes of one, laid out to be read."""
    page.require(Permission.SEE_RAW)
    with page.transaction() as connection:
        found = raw_answer(connection, page.services.database.keys, page.workspace, observation)
    if found is None or found.quarantine_kind is None:
        raise NotFoundException
    text = None if found.body is None else laid_out(found.body)
    context = {"source": found.source, "carrier": found.carrier, "at": found.last_observed_at, "times": found.times}
    context |= {"text": text, "parcel": None}
    return page.show("seller/parcel/answer.html", context)


@post("/quarantine/{observation:int}")
@threaded
def read_again(page: Reader, observation: FromPath[int]) -> Redirect:
    """Read one again, with the manifests as they are now."""
    page.require(Permission.SEE_RAW)
    aside.retry(page.services.database, page.services.carriers, page.workspace, [observation])
    return page.go("/quarantine")


@get("/unknowns")
@threaded
def unknowns(page: Reader) -> Html:
    """Codes and texts that nobody knows, the most frequent first."""
    page.require(Permission.TEACH)
    keys = page.services.database.keys
    with page.transaction() as connection:
        untaught = listed(connection, keys, page.workspace, taught=False)
        known = listed(connection, keys, page.workspace, taught=True)
    again = page.request.query_params.get("again", "")
    context = {
        "words": [Guessed(word, _guess(word)) for word in untaught],
        "taught": known,
        "meanings": page.words.meanings(),
        "touched": page.words.number(sum(word.times for word in untaught)),
        "again": int(again) if again.isdecimal() and len(again) < 9 else None,
    }
    return page.show("seller/repairs/unknowns.html", context)


def _guess(word: Unknown) -> str | None:
    found = classify(word.value).sub_status if word.kind == "text" else "other"
    return None if found == "other" else found


@post("/unknowns")
@threaded
def say_meaning(page: Reader, form: Sent) -> Answer:
    """Teach what a word means, and read again what it was told of; or forget what was taught."""
    page.require(Permission.TEACH)
    word = Word(page.workspace, form.get("carrier", ""), form.get("kind", ""), form.get("value", ""))
    means, token, services = form.get("means", ""), form.get("once", ""), page.services
    if word.kind not in ("code", "text") or not word.value or (means and means not in STATUSES):
        return page.go("/unknowns")
    with page.transaction() as connection:
        if token and (led := submissions.once(connection, page.workspace, token)) is not None:
            return page.go(led or "/unknowns")
    person, database = page.person.person_id, services.database
    if means:
        count = teach(database, services.carriers, word, means, person, page.now)
    else:
        count = forget(database, services.carriers, word)
    with page.transaction() as connection:
        action, detail = ("unknown.taught" if means else "unknown.forgotten"), {"carrier": word.carrier, "means": means}
        audit.note(connection, database.keys, page.actor, action, None, detail)
        if token:
            submissions.done(connection, page.workspace, token, f"/unknowns?again={count}")
    return page.go(f"/unknowns?again={count}")


ROUTES = [quarantine, put_aside, read_again, unknowns, say_meaning]
