"""`everyleg sources`: the accounts by which carriers and aggregators are asked."""

import asyncio
import getpass
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from cyclopts import App
from msgspec import UNSET, Struct
from msgspec.structs import asdict
from rich.console import Console
from rich.table import Table

from everyleg.accounts import sources as accounts
from everyleg.accounts.sources import Change, Health, Ready, SourceAccount
from everyleg.app.everybody import everybody
from everyleg.app.plugins import registry
from everyleg.cli.io import UserError, carrier_named, moment, print_json
from everyleg.cli.store import acting, workspace_named
from everyleg.planner.asking import KnownSources, Sources
from everyleg.planner.asking.known import allowance, allowance_shown
from everyleg.planner.asking.metered import Metered, OutOfQuotaError
from everyleg.ports.answer import Answer, transport_fault
from everyleg.ports.asking import Ask
from everyleg.ports.manifest.schema import Manifest
from everyleg.ports.outbound.addresses import Network, parse_networks
from everyleg.ports.outbound.gateway import Gateway
from everyleg.store.db import Database
from everyleg.store.quotas import Quotas
from everyleg.store.windows import Quota

app = App(name="sources", help="Accounts with carriers and aggregators: list, add, set, remove, test, pause, resume.")

EVERYWHERE = ("base_url", "token_url", accounts.PROXY)
"""Settings that every account may have: another address, another address of the login, a proxy."""

_LIMITS = {"second": "per_second", "minute": "per_minute", "hour": "per_hour", "day": "per_day"}


class Shown(Struct, frozen=True):
    """An account, and what its quota still holds."""

    account: SourceAccount
    quota: Quota
    left: dict[str, int]


class Tried(Struct, frozen=True):
    """What asking for one number gave."""

    source: str
    number: str
    outcome: str
    """`found`, `unknown` or `failed`."""
    detail: str | None
    status: int | None
    events: int
    seconds: float


@app.command(name="list")
def list_(*, workspace: str | None = None, json: bool = False) -> None:
    """The accounts of a workspace: limits, what they still hold, how they are doing. Never their settings' values.

    Args:
        workspace: Its slug; not needed while there is only one.
        json: Print JSON instead of a table.
    """
    known = KnownSources(registry())
    with workspace_named(workspace) as (database, workspace_id):
        with database.transaction(workspace_id) as app_:
            found = accounts.listed(app_, database.keys, workspace_id)
        shown = [_shown(database, workspace_id, one, known) for one in found]
    if json:
        print_json([{**asdict(one.account), "left": one.left} for one in shown])
        return
    table = Table("id", "source", "name", "settings", "limits (left)", "priority", "state", header_style="bold")
    for one in shown:
        account = one.account
        limits = ", ".join(_limits(one)) or "none"
        values = (str(account.account_id), account.source, account.name, ", ".join(account.settings) or "none")
        table.add_row(*values, limits, str(account.priority), _state(account))
    Console().print(table)


def _shown(database: Database, workspace: int, one: SourceAccount, known: KnownSources) -> Shown:
    may = allowance_shown(known, workspace, one)
    return Shown(one, may.quota, Quotas(database).left((workspace, one.account_id), may))


def _limits(one: Shown) -> Iterator[str]:
    for window, name in _LIMITS.items():
        if (most := getattr(one.quota, name)) is not None:
            yield f"{most:g} a {window} ({one.left.get(window, 0)})"


def _state(account: SourceAccount) -> str:
    if account.paused_at is not None:
        return f"paused since {moment(account.paused_at)}"
    return _doing(account.health)


def _doing(health: Health) -> str:
    if not health.failures:
        return f"answered {moment(health.answered_at)}" if health.answered_at else "not asked yet"
    held = f"; not asked before {moment(health.retry_at)}" if health.retry_at else ""
    return f"{health.failures} failed in a row, {health.failed_kind}: {health.failed_detail}{held}"


@app.command
def add(
    source: str,
    /,
    *,
    name: str = "main",
    set: list[str] | None = None,  # noqa: A002 - the option's name
    limit: list[str] | None = None,
    budget: int | None = None,
    priority: int | None = None,
    workspace: str | None = None,
) -> None:
    """Add an account. Needed settings that are not given are asked for, or read from standard input.

    Args:
        source: Slug of the carrier or aggregator.
        name: What you call it, where you have several.
        set: A setting as NAME=VALUE; NAME alone is asked for, so that it stands in no history of a shell.
        limit: What it may ask, as WINDOW=NUMBER (second, minute, hour, day); as the carrier says unless given.
        budget: Calls of a day that you want at most.
        priority: The account with the lowest is asked first.
        workspace: Its slug; not needed while there is only one.
    """
    manifest = carrier_named(source).manifest
    settings = _settings(manifest, set or [], missing=manifest.needs.settings)
    change = _change(limit, budget, priority)
    with acting(workspace) as here:
        account = accounts.add(*here.at, manifest.slug, name, settings)
        if change != Change():
            accounts.change(*here.at, account, change)
        woken = accounts.wake(here.connection, here.workspace, manifest.slug)
    print(f"Account {account} with {manifest.slug}; {woken} numbers that waited for one are asked now.")
    print(f"Try it: everyleg sources test {account} NUMBER")


@app.command(name="set")
def set_(
    account: int,
    /,
    *,
    set: list[str] | None = None,  # noqa: A002 - the option's name
    unset: list[str] | None = None,
    limit: list[str] | None = None,
    budget: int | None = None,
    priority: int | None = None,
    workspace: str | None = None,
) -> None:
    """Change an account; what is not named stays.

    Args:
        account: Its id.
        set: A setting as NAME=VALUE; NAME alone is asked for.
        unset: Names of settings to take away.
        limit: WINDOW=NUMBER (second, minute, hour, day); WINDOW= for what the carrier says.
        budget: Calls of a day that you want at most; -1 for no budget.
        priority: The account with the lowest is asked first.
        workspace: Its slug; not needed while there is only one.
    """
    change = _change(limit, budget, priority)
    with acting(workspace) as here:
        there = {one.account_id: one.source for one in accounts.listed(here.connection, here.keys, here.workspace)}
        given = _settings(carrier_named(there[account]).manifest, set or []) if account in there else {}
        settings = given | dict.fromkeys(unset or [])
        accounts.change(*here.at, account, Change(settings, change.limit, change.priority))
    print(f"Account {account} is changed.")


@app.command
def remove(account: int, /, *, workspace: str | None = None) -> None:
    """Forget an account and its settings.

    Args:
        account: Its id.
        workspace: Its slug; not needed while there is only one.
    """
    with acting(workspace) as here:
        accounts.remove(*here.at, account)
    print(f"Account {account} is gone.")


@app.command
def pause(account: int, /, *, workspace: str | None = None) -> None:
    """Ask nothing by an account until it is resumed.

    Args:
        account: Its id.
        workspace: Its slug; not needed while there is only one.
    """
    with acting(workspace) as here:
        accounts.pause(*here.at, account, datetime.now(UTC))
    print(f"Account {account} is paused.")


@app.command
def resume(account: int, /, *, workspace: str | None = None) -> None:
    """Ask by an account again, at once, also where it was held back because it failed.

    Args:
        account: Its id.
        workspace: Its slug; not needed while there is only one.
    """
    with acting(workspace) as here:
        accounts.pause(*here.at, account, None)
    print(f"Account {account} is asked again.")


@app.command
def test(
    account: int,
    number: str,
    /,
    *,
    carrier: str | None = None,
    fact: list[str] | None = None,
    workspace: str | None = None,
    json: bool = False,
) -> None:
    """Ask by an account for one number, now, within its quota; nothing is stored. Exit code 1 where it failed.

    Args:
        account: Its id.
        number: A tracking number.
        carrier: Slug of the number's carrier, where the account is an aggregator's.
        fact: What the carrier wants besides, as NAME=VALUE: postal_code, phone_tail, country, order_reference.
        workspace: Its slug; not needed while there is only one.
        json: Print JSON instead of a line.
    """
    with workspace_named(workspace) as (database, workspace_id):
        with database.transaction(None, "worker") as worker:
            ready = accounts.ready(worker, database.keys, workspace_id)
        mine = next((one for one in ready if one.account.account_id == account), None)
        if mine is None:
            raise UserError(f"there is no account {account}; see `everyleg sources list`")
        facts = dict(_pairs(fact or [], "--fact"))
        tried = asyncio.run(_try(database, mine, Ask(number, carrier or mine.account.source, facts)))
    if json:
        print_json(tried)
    else:
        print(f"{tried.outcome}: {tried.detail or f'{tried.events} events'} ({tried.seconds:.1f} s)")
    if tried.outcome == "failed":
        sys.exit(1)


async def _try(database: Database, mine: Ready, ask: Ask) -> Tried:
    known = everybody(database, registry()).sources
    source = known.source(mine.account.source)
    if source is None:
        raise UserError(f"{mine.account.source} says not how it is asked")
    started = datetime.now(UTC)
    async with Gateway(allowed_networks()) as gateway:
        try:
            outbound = Metered(gateway, Quotas(database), allowance(known, mine), 0.0)
            asked = await source.ask(outbound, mine.account, [ask])
        except OutOfQuotaError as error:
            raise UserError(f"the account's quota is used up; the next call is free in {error.wait_s:.0f} s") from error
    now = datetime.now(UTC)
    return _told(known, mine.account.source, ask, asked[0].answer, (now - started).total_seconds())


def _told(known: Sources, slug: str, ask: Ask, answer: Answer, seconds: float) -> Tried:
    fault = transport_fault(answer)
    status = None if answer.error is not None else answer.status
    if fault is not None:
        return Tried(slug, ask.number, "failed", f"{fault.kind}: {fault.detail}", status, 0, seconds)
    reading = known.read(slug, answer, [ask.number], datetime.now(UTC))
    result = reading.results[0] if reading is not None and reading.results else None
    if result is None:
        return Tried(slug, ask.number, "failed", "unreadable: the answer speaks of no number", status, 0, seconds)
    detail = f"{result.reason.kind}: {result.reason.detail}" if result.reason else None
    return Tried(slug, ask.number, result.outcome, detail, status, len(result.events), seconds)


def allowed_networks() -> list[Network]:
    """Networks inside that may be asked, as `EVERYLEG_ALLOW_PRIVATE` names them.

    Raises:
        UserError: one of them is none.
    """
    try:
        return parse_networks(os.environ.get("EVERYLEG_ALLOW_PRIVATE", ""))
    except ValueError as error:
        raise UserError(f"EVERYLEG_ALLOW_PRIVATE: {error}; give networks such as 10.0.0.0/8, with commas") from error


def _settings(manifest: Manifest, given: Sequence[str], missing: Sequence[str] = ()) -> dict[str, str]:
    """Settings as given; those without a value, and those that are needed besides, are asked for."""
    known = [*manifest.needs.settings, *manifest.settings, *EVERYWHERE]
    found, wanted = dict[str, str](), list[str]()
    for one in given:
        name, equals, value = one.partition("=")
        if name not in known:
            raise UserError(f"{manifest.slug} has no setting {name!r}; it has {', '.join(dict.fromkeys(known))}")
        if equals:
            found[name] = value
        else:
            wanted.append(name)
    wanted += [name for name in missing if name not in found and name not in wanted and name not in manifest.settings]
    if wanted:
        found |= _asked_for(manifest, wanted)
    return found


def _asked_for(manifest: Manifest, names: Sequence[str]) -> dict[str, str]:
    if sys.stdin.isatty():
        return {name: getpass.getpass(f"{manifest.names.en}, {name}: ") for name in names}
    read = dict(_pairs([line.rstrip("\r\n") for line in sys.stdin if line.strip()], "standard input"))
    if lacking := [name for name in names if name not in read]:
        apply = f" (apply at {manifest.needs.apply})" if manifest.needs.apply else ""
        raise UserError(
            f"{manifest.slug} needs {', '.join(lacking)}{apply}; give --set NAME=VALUE, or lines on standard input"
        )
    return {name: read[name] for name in names}


def _pairs(texts: Sequence[str], where: str) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"{where}: {name!r} is not NAME=VALUE")
        yield name.strip(), value


def _change(limit: Sequence[str] | None, budget: int | None, priority: int | None) -> Change:
    limits: dict[str, float | None] = {}
    for window, value in _pairs(limit or [], "--limit"):
        if window not in _LIMITS:
            raise UserError(f"--limit {window}: the windows are {', '.join(_LIMITS)}")
        limits[_LIMITS[window]] = _number(value) if value else None
    if budget is not None:
        limits["daily_budget"] = None if budget < 0 else budget
    return Change(limit=limits, priority=UNSET if priority is None else priority)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise UserError(f"--limit: {text!r} is no number") from error
    return value
