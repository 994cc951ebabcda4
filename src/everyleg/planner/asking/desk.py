"""The store's side of asking, each step one transaction: claim, route, end, put off. Nothing here waits for others."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection

from everyleg.accounts.sources import Ready, open_account, ready
from everyleg.core.model import Reason
from everyleg.numbers.detector import Detector
from everyleg.pipeline.again import again
from everyleg.pipeline.ages import CHECK, CHECK_NOW
from everyleg.pipeline.intake import Received, receive
from everyleg.pipeline.known import Store
from everyleg.pipeline.outcomes import Check, Outcome, write_outcomes
from everyleg.planner.asking.breaker import keep_answer, keep_failure
from everyleg.planner.asking.contract import Given, NextCheck, Refusal, Rest, Router, Sources, airlines_of
from everyleg.planner.asking.judging import Judged
from everyleg.planner.asking.questions import Question, claim_due, claim_soonest, load_questions
from everyleg.planner.resolution import Outcome as ResolvedAs
from everyleg.planner.resolution import Resolver, Told, told
from everyleg.ports.answer import Answer
from everyleg.ports.asking import Source
from everyleg.ports.carrier_source import OBSERVED_AS
from everyleg.store.db import Database
from everyleg.store.due import Claim, arm, done

OTHERWISE = timedelta(hours=6)
"""When a number is asked again that nobody decides about, or that lacked something; who adds it wakes it sooner."""

OF_ROUND = timedelta(seconds=30)
"""When the next candidate is asked whose number it is."""

HORIZON = timedelta(hours=6)
"""How far ahead numbers may be due that fill a batch: the call is paid for, so they cost nothing."""

_NEXT = """
UPDATE due SET due_at = t.at, attempts = 0
FROM unnest(%(ids)s::bigint[], %(at)s::timestamptz[], %(until)s::timestamptz[]) AS t (id, at, until)
WHERE due.workspace_id = %(workspace)s AND due.kind = %(kind)s AND due.subject_id = t.id AND due.due_at = t.until
"""

_NEVER = "DELETE FROM due WHERE workspace_id = %s AND kind = %s AND subject_id = %s"


# The demo plays its carriers' answers itself: nobody real is asked for numbers that it made up.
_PLAYED = "SELECT settings ? 'demo' FROM workspaces WHERE workspace_id = %s"


class Known(Struct, frozen=True):
    """What asking leans on."""

    database: Database
    sources: Sources
    router: Router
    next_check: NextCheck
    detector: Detector | None = None
    """Finds candidates for numbers of which nobody knows whose they are; None: they are asked as they were added."""


class Routed(Struct, frozen=True):
    """Questions of a workspace for one account."""

    source: Source
    ready: Ready
    questions: Sequence[Question]


class Ended(Struct, frozen=True):
    """An answer, the questions that it belongs to, and what it tells."""

    questions: Sequence[Question]
    answer: Answer
    judged: Judged
    at: datetime
    """When it came."""


def claimed(known: Known, now: datetime, most: int, group: int = 0) -> list[Routed]:
    """Claim what is due, and say by whom it is asked; what is asked by nobody is ended here."""

    def once() -> list[Routed]:
        with known.database.transaction(None, "worker") as worker:
            claims = claim_due(worker, now, most, group)
            return _routed(known, worker, claims, now) if claims else []

    return again(once)


def filled(known: Known, routed: Routed, most: int, now: datetime, group: int = 0) -> list[Routed]:
    """More questions of the same carrier and workspace, soonest due first, for the room in a batch."""
    place = (routed.ready.account.workspace, routed.source.slug)
    with known.database.transaction(None, "worker") as worker:
        claims = claim_soonest(worker, place, now, HORIZON, most, group)
        return _routed(known, worker, claims, now) if claims else []


def _routed(known: Known, worker: Connection[Any], claims: Sequence[Claim], now: datetime) -> list[Routed]:
    found: list[Routed] = []
    urgent = {(one.workspace_id, one.subject_id) for one in claims if one.kind == CHECK_NOW}
    once = [one for one in claims if one.kind == CHECK_NOW or (one.workspace_id, one.subject_id) not in urgent]
    questions = load_questions(worker, known.database.keys, once)
    done(worker, [one.claim for one in questions if one.over])
    mine: dict[int, list[Question]] = {}
    for one in questions:
        if not one.over:
            mine.setdefault(one.claim.workspace_id, []).append(one)
    for workspace, some in mine.items():
        found += _of_workspace(known, worker, workspace, some, now)
    return found


def _of_workspace(
    known: Known, worker: Connection[Any], workspace: int, questions: Sequence[Question], now: datetime
) -> list[Routed]:
    if worker.execute(_PLAYED, (workspace,)).fetchone() == (True,):
        _rest(known, worker, workspace, [(one, now) for one in questions], now)
        return []
    accounts = {one.account.account_id: one for one in ready(worker, known.database.keys, workspace)}
    if known.detector is not None:
        questions = _of_candidates(known, worker, workspace, questions, accounts.values())
    routes = known.router.route(worker, workspace, questions, list(accounts.values()))
    places: dict[int, tuple[Source, list[Question]]] = {}
    refused: list[tuple[Question, Reason]] = []
    rested = [(one, route) for one, route in zip(questions, routes, strict=True) if isinstance(route, Rest)]
    for question, route in zip(questions, routes, strict=True):
        if isinstance(route, Rest):
            continue
        source = None if isinstance(route, Refusal) else known.sources.source(route.source)
        if isinstance(route, Refusal) or source is None:
            words = route.words if isinstance(route, Refusal) else f"{route.source} cannot be asked"
            refused.append((question, Reason("refused", words)))
            continue
        account_id = route.account_id
        if account_id is None:
            account_id = open_account(worker, workspace, route.source)
        places.setdefault(account_id, (source, []))[1].append(question)
    if refused:
        _refuse(known, worker, workspace, refused, now)
    if rested:
        _rest(known, worker, workspace, [(one, route.until) for one, route in rested], now)
    if places.keys() - accounts.keys():
        accounts = {one.account.account_id: one for one in ready(worker, known.database.keys, workspace)}
    return [Routed(source, accounts[account_id], some) for account_id, (source, some) in places.items()]


def _of_candidates(
    known: Known, worker: Connection[Any], workspace: int, questions: Sequence[Question], accounts: Collection[Ready]
) -> list[Question]:
    """The questions, those of open numbers put to the candidate whose turn it is."""
    mine = {one.account.source for one in accounts if not one.paused}
    anybody = any(known.sources.asks_for_others(slug) for slug in mine)

    def askable(_: int, slug: str) -> bool:
        return anybody or (known.sources.source(slug) is not None and (slug in mine or known.sources.open_to_all(slug)))

    def airlines(waybill: str) -> list[str]:
        return airlines_of(waybill, known.sources, mine)

    assert known.detector is not None  # noqa: S101 (asked by the caller)
    resolver = Resolver(known.detector, askable, airlines)
    turns = {one.number_id: one for one in resolver.candidates(worker, workspace, {q.number_id for q in questions})}
    return [
        replace(one, ask=replace(one.ask, carrier=turn.carrier), round_over=turn.last_of_round)
        if (turn := turns.get(one.number_id)) is not None
        else one
        for one in questions
    ]


def _rest(
    known: Known, worker: Connection[Any], workspace: int, rested: Sequence[tuple[Question, datetime]], now: datetime
) -> None:
    """Nobody has to be asked: numbers are due again as after an answer, and not before the time said."""
    given = [Given(one.number_id, "answered", None, until) for one, until in rested]
    _again(known, worker, workspace, [one for one, _ in rested], given, now)


def _refuse(
    known: Known, worker: Connection[Any], workspace: int, refused: Sequence[tuple[Question, Reason]], now: datetime
) -> None:
    """Nobody was asked: the parcels show why."""
    store = Store(worker, known.database.keys, workspace)
    write_outcomes(store, [Check(one.number_id, OBSERVED_AS, now, "failed", reason) for one, reason in refused])
    given = [Given(one.number_id, "failed", reason, now + OTHERWISE) for one, reason in refused]
    _again(known, worker, workspace, [one for one, _ in refused], given, now)


def ended(known: Known, routed: Routed, some: Sequence[Ended], now: datetime) -> Ready:
    """Keep what came back, durably, then say when each number is due next; gives the account as it is doing now.

    Args:
        known: what asking leans on.
        routed: whose answers.
        some: the answers.
        now: the time.

    Raises:
        psycopg.Error, JournalError: nothing is kept; the claims end by themselves and all is asked again.
    """
    account, source = routed.ready.account, routed.source
    _learn(known, account.workspace, some, now)
    bodies = [
        Received(
            account.workspace,
            source.observed_as,
            source.slug,
            one.answer.body,
            tuple(question.ask.number for question in one.questions),
            one.at,
        )
        for one in some
        if one.judged.keep
    ]
    if bodies:
        receive(known.database, bodies)

    def once() -> Ready:
        with known.database.transaction(None, "worker") as worker:
            return _end(known, worker, routed, some, now)

    return again(once)


def _end(known: Known, worker: Connection[Any], routed: Routed, some: Sequence[Ended], now: datetime) -> Ready:
    account, keys = routed.ready.account, known.database.keys
    place, health = (account.workspace, account.account_id), routed.ready.health
    checks: list[Check] = []
    given: list[Given] = []
    for one in some:
        if one.judged.works:
            health = keep_answer(worker, place, health, one.at)
        elif one.judged.trouble is not None:
            health = keep_failure(worker, keys, place, one.judged.trouble, one.at)
        held = health.retry_at if one.judged.trouble is not None else now + OTHERWISE
        for question in one.questions:
            given.append(_given(question, one.judged, held))
            if not one.judged.keep:
                outcome: Outcome = "unknown" if given[-1].outcome == "unknown" else "failed"
                checks.append(Check(question.number_id, routed.source.observed_as, one.at, outcome, given[-1].reason))
    write_outcomes(Store(worker, keys, account.workspace), checks)
    _again(known, worker, account.workspace, [question for one in some for question in one.questions], given, now)
    return Ready(account, routed.ready.limit, routed.ready.priority, routed.ready.paused, health)


def _learn(known: Known, workspace: int, some: Sequence[Ended], now: datetime) -> None:
    """Tell whose numbers are, before the answers go into the journal: there they meet the number under its carrier."""
    outcomes: dict[str, ResolvedAs] = {"answered": "found", "unknown": "unknown", "failed": "failed"}
    said = [
        Told(question.number_id, question.ask.carrier, outcomes[one.judged.outcome(question.ask.number)])
        for one in some
        for question in one.questions
        if question.round_over is not None
    ]
    if said:
        with known.database.transaction(None, "worker") as worker:
            told(worker, workspace, said, now)


def _given(question: Question, judged: Judged, held: datetime | None) -> Given:
    number, outcome = question.ask.number, judged.outcome(question.ask.number)
    return Given(question.number_id, outcome, judged.failed.get(number), held if outcome == "failed" else None)


def _again(
    known: Known,
    worker: Connection[Any],
    workspace: int,
    questions: Sequence[Question],
    given: Sequence[Given],
    now: datetime,
) -> None:
    """End claims: each number is due when it is said to be, unless it was armed anew meanwhile."""
    said = known.next_check.after(worker, known.database.keys, workspace, given, now)
    times = {one.number_id: said.get(one.number_id, now + OTHERWISE) for one in given}
    others = {one.number_id for one in questions if one.round_over is False}
    times |= {one.number_id: now + OF_ROUND for one in given if one.number_id in others and one.outcome != "answered"}
    plain = [one for one in questions if not one.urgent]
    done(worker, [one.claim for one in questions if one.urgent or times[one.number_id] is None])
    for one in questions:
        at = times[one.number_id]
        if one.urgent and at is not None:
            arm(worker, (workspace, CHECK, one.number_id), at)
        elif one.urgent:
            worker.execute(_NEVER, (workspace, CHECK, one.number_id))
    put_off(worker, [(one, at) for one in plain if (at := times[one.number_id]) is not None])


def put_off(worker: Connection[Any], times: Sequence[tuple[Question, datetime]]) -> None:
    """Make claimed numbers due at other times, unless they were armed anew meanwhile."""
    groups: dict[tuple[int, str], list[tuple[Question, datetime]]] = {}
    for question, at in times:
        groups.setdefault((question.claim.workspace_id, question.claim.kind), []).append((question, at))
    for (workspace, kind), some in groups.items():
        values = {
            "workspace": workspace, "kind": kind, "ids": [one.number_id for one, _ in some],
            "at": [at for _, at in some], "until": [one.claim.until for one, _ in some],
        }  # fmt: skip
        worker.execute(_NEXT, values)
