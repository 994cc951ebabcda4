"""The page of accounts with carriers and aggregators. What is secret of them goes in and never comes out."""

import re
from collections.abc import Mapping
from typing import Any

from litestar import get, post
from litestar.params import FromPath
from msgspec import Struct

from everyleg.accounts import sources, submissions
from everyleg.accounts.errors import AccountsError, TakenError
from everyleg.accounts.roles import Permission
from everyleg.accounts.sources import Change, SourceAccount
from everyleg.planner.asking import KnownSources
from everyleg.planner.asking.known import allowance_shown
from everyleg.planner.routing.money import CAP, PRICE
from everyleg.planner.routing.report import Line, report
from everyleg.ports.access import AGGREGATORS, Access, access, access_in
from everyleg.store.quotas import Quotas
from everyleg.web.components.coverage import Telling
from everyleg.web.components.spending import Spoken
from everyleg.web.page import Answer, Html, Page, Reader, Sent
from everyleg.web.seller.sources import queries
from everyleg.web.threads import threaded

LONGEST = 4000
_DIGITS = 9
_AMOUNT = re.compile(r"[0-9]{1,7}([.][0-9]{1,6})?", re.ASCII)
_ASKABLE = ("open", "address", "key", "contract")
_TERMS = (PRICE, CAP)
_OUTCOMES = ("news", "nothing_new", "unknown", "failed")


class AccountShown(Struct, frozen=True):
    """An account as its card reads."""

    account: SourceAccount
    name: str
    state: str
    """`working`, `paused`, `failing`, `new`."""
    outcomes: dict[str, int]
    left: dict[str, int]
    """Window (`minute`, `hour`, `day`) → calls that it still holds."""
    settings: list[str]
    """What its source wants."""
    lacks: list[str]
    """What its source wants and it has not."""
    month: Line
    """What it did this month."""

    @property
    def terms(self) -> dict[str, str]:
        """What it costs and what a month may cost, as far as an aggregator's account says; no secret."""
        said = {PRICE: self.month.price, CAP: self.month.cap} if self.account.source in AGGREGATORS else {}
        return {name: "" if value is None else f"{value:f}" for name, value in said.items()}


class Problem(Struct, frozen=True):
    """What is wrong with what was sent."""

    said: str
    source: str = ""
    name: str = ""
    status: int = 422


@get("/sources")
@threaded
def accounts(page: Reader) -> Html:
    """Every account, and what every carrier wants."""
    page.require(Permission.MANAGE_KEYS)
    return _page(page, page.request.query_params.get("add", ""), None)


def _page(page: Page, adding: str, problem: Problem | None) -> Html:
    access_of, database = access_in(page.services.carriers), page.services.database
    telling, slug = Telling(page.words, access_of), _slug(page, adding)
    with page.transaction() as connection:
        there = sources.listed(connection, database.keys, page.workspace)
        outcomes = queries.outcomes(connection, page.workspace, page.now)
    with database.transaction(None, "worker") as worker:  # prices are kept sealed
        told = report(worker, database.keys, (page.workspace, page.now), access_of, queries.PATIENCE_MS)
    month = {line.account_id: line for line in told.lines if line.account_id is not None}
    shown = [_shown(page, one, outcomes.get(one.source, {}), month[one.account_id]) for one in there]
    context = {
        "shown": sorted(shown, key=_trouble),
        "own": [one for one in shown if not one.account.open and one.state != "paused"],
        "failing": [one for one in shown if one.state == "failing"],
        "told": told,
        "others": [line for line in told.lines if line.account_id not in {one.account_id for one in there}],
        "spoken": Spoken(telling),
        "telling": telling,
        "outcomes": _OUTCOMES,
        "terms": _TERMS if slug in AGGREGATORS else (),
        "adding": slug,
        "wanted": _wanted(page, slug) if slug else None,
        "choices": _choices(page, telling),
        "every": [access(one) for one in page.services.carriers.manifests()],
        "problem": problem,
    }
    return page.show("seller/sources/page.html", context, problem.status if problem else 200)


def _shown(page: Page, account: SourceAccount, outcomes: dict[str, int], month: Line) -> AccountShown:
    wanted = _wanted(page, account.source)
    name = wanted.names.zh if page.lang == "zh" else wanted.names.en
    lacks = [name for name in wanted.settings if name not in account.settings]
    left = {} if account.paused_at else _left(page, account)
    return AccountShown(account, name, _state(account), outcomes, left, wanted.settings, lacks, month)


def _state(account: SourceAccount) -> str:
    if account.paused_at is not None:
        return "paused"
    if account.health.failures:
        return "failing"
    return "working" if account.health.answered_at else "new"


def _trouble(one: AccountShown) -> bool:
    return one.state != "failing"


def _left(page: Page, account: SourceAccount) -> dict[str, int]:
    may = allowance_shown(KnownSources(page.services.carriers), page.workspace, account)
    left = Quotas(page.services.database).left((page.workspace, account.account_id), may)
    return {name: max(0, count) for name, count in left.items() if name != "second"}


def _slug(page: Page, name: str) -> str:
    """The source that somebody means; empty when there is none that can be asked."""
    if name in AGGREGATORS:
        return name
    slug = page.services.carriers.slug_of(name.strip()) if name.strip() else None
    return slug if slug and access(page.services.carriers.manifest(slug)).way in _ASKABLE else ""


def _wanted(page: Page, source: str) -> Access:
    return access_in(page.services.carriers)(source)


def _choices(page: Page, telling: Telling) -> list[str]:
    carriers = page.services.carriers
    slugs = [m.slug for m in carriers.manifests() if access(m).way in ("address", "key", "contract")]
    return [telling.name(slug) for slug in (*AGGREGATORS, *slugs)]


@post("/sources")
@threaded
def add(page: Reader, form: Sent) -> Answer:
    """A new account."""
    page.require(Permission.MANAGE_KEYS)
    source, name, token = _slug(page, form.get("source", "")), form.get("name", "").strip(), form.get("once", "")
    if not source:
        return _page(page, "", Problem(page.words("sources.no_source")))
    try:
        given = {name: value for name, value in _settings(page, source, form).items() if value is not None}
    except ValueError:
        return _page(page, source, Problem(page.words("sources.bad_limit"), source, name))
    problem = _lacking(page, source, given)
    if problem:
        return _page(page, source, Problem(problem, source, name))
    try:
        with page.transaction() as connection:
            if token and submissions.once(connection, page.workspace, token) is not None:
                return page.go("/sources")
            keys = page.services.database.keys
            sources.add(connection, keys, page.actor, source, name or page.words("sources.usual_name"), given)
            submissions.done(connection, page.workspace, token, "/sources")
    except TakenError:
        return _page(page, source, Problem(page.words("sources.taken"), source, name))
    return page.go("/sources")


def _settings(page: Page, source: str, form: Mapping[str, str]) -> dict[str, str | None]:
    """What was typed. A field left blank stays as it is; what is shown, which is what it costs, is taken away.

    Raises:
        ValueError: it costs no number.
    """
    names = (*_wanted(page, source).settings, "proxy")
    sent = {name: form.get(f"setting-{name}", "").strip()[:LONGEST] for name in names}
    costs = {name: form[name].strip() or None for name in _TERMS if source in AGGREGATORS and name in form}
    if any(not _AMOUNT.fullmatch(text) for text in costs.values() if text):
        raise ValueError("it costs a number, as 0.03")
    return {name: value for name, value in sent.items() if value} | costs


def _lacking(page: Page, source: str, given: Mapping[str, str]) -> str:
    missing = [name for name in _wanted(page, source).settings if name not in given]
    return page.words("sources.lacking", names=", ".join(missing)) if missing else ""


@post("/sources/{account:int}")
@threaded
def change(page: Reader, account: FromPath[int], form: Sent) -> Answer:
    """Other settings or limits, paused, asked again, forgotten."""
    page.require(Permission.MANAGE_KEYS)
    keys, deed = page.services.database.keys, form.get("deed")
    try:
        with page.transaction() as connection:
            if deed in ("pause", "resume"):
                sources.pause(connection, keys, page.actor, account, page.now if deed == "pause" else None)
            elif deed == "remove":
                sources.remove(connection, keys, page.actor, account)
            elif deed == "save":
                there = {one.account_id: one for one in sources.listed(connection, keys, page.workspace)}
                typed = _settings(page, there[account].source, form) if account in there else {}
                sources.change(connection, keys, page.actor, account, Change(typed, _limits(form)))
    except ValueError:
        return _page(page, "", Problem(page.words("sources.bad_limit")))
    except AccountsError:
        return _page(page, "", Problem(page.words("sources.gone"), status=404))
    return page.go("/sources")


def _limits(form: Mapping[str, str]) -> dict[str, float | None]:
    """The limits typed; a field left blank is none of one's own.

    Raises:
        ValueError: one of them is no number that may be a limit.
    """
    sent = {name: form[name].strip() for name in ("daily_budget", "per_hour") if name in form}
    if any(len(text) > _DIGITS for text in sent.values()):
        raise ValueError("a limit has at most nine digits")
    return {name: int(text) if text else None for name, text in sent.items()}


ROUTES: list[Any] = [accounts, add, change]
