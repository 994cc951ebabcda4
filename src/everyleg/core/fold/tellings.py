"""Statements as the fold works on them: one for each source and key, in its latest reading, standing or withdrawn."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import inf

import msgspec
from msgspec import Struct

from everyleg.core.fold.rules import PERSON, SAME_EVENT_S
from everyleg.core.model import Observation, Ref, Statement
from everyleg.core.vocabulary import STATUSES, Status

Moment = tuple[float, str]
"""When an answer was observed (seconds, -inf when not known), then its id: the order of answers."""

Channel = tuple[str, str, str]
"""Source, carrier and number asked: whose complete answers can take a fact back."""

Told = tuple[Channel, Moment, bool]
"""In which channel and when a statement was told, and whether by a complete answer whose time is known."""

Book = dict[str, list[Observation]]
Answers = dict[Channel, dict[Moment, float]]
"""The complete answers of each channel, with the time of their earliest event: where their window opens."""


class Telling(Struct):
    """What one source said under one key."""

    statement: Statement
    t: float
    """Seconds since 1970 of `occurred_at`."""
    u: float
    """Half-width of its uncertainty, seconds."""
    ref: Ref
    status: Status
    """The row of the vocabulary, once its side is resolved."""
    withdrawn: bool
    by_person: bool
    leg: int = 0
    """Which leg of its parcel tells it."""


def place_in_list(telling: Telling) -> tuple[float, str, str, str]:
    """The canonical order of tellings: no two are equal, whatever the order of arrival."""
    statement = telling.statement
    return (telling.t, telling.status.sub_status, statement.source, statement.key)


def near(a: Telling, b: Telling) -> bool:
    """Whether two times cannot be told apart: within 30 minutes, or overlapping uncertainties."""
    distance = abs(a.t - b.t)
    return distance <= SAME_EVENT_S or distance < a.u + b.u


def tellings(observations: Iterable[Observation], statements: Iterable[Statement]) -> list[Telling]:
    """One telling for each (source, key), in canonical order; see `docs/fold.md`, *taking back*."""
    book: Book = {}
    for observation in observations:
        book.setdefault(observation.id, []).append(observation)
    groups: dict[tuple[str, str], list[Statement]] = {}
    answers: Answers = {}
    for statement in statements:
        groups.setdefault((statement.source, statement.key), []).append(statement)
        if book:
            _open_window(statement, book, answers)
    told = [_telling(group, book, answers) for group in groups.values()]
    _deny(told)
    told.sort(key=place_in_list)
    return told


def _seconds(at: datetime | None) -> float:
    return -inf if at is None else at.timestamp()


def _told(statement: Statement, book: Book) -> list[Told]:
    """Where and when a statement was told. An answer to several numbers is an answer for each of them; the same bytes
    received twice are one id with two times.
    """
    listed = book.get(statement.observation or "", [])
    own = (statement.carrier, statement.tracking_number)
    asked = [o for o in listed if (o.carrier, o.tracking_number) == own] or listed
    if not asked:
        moment = (_seconds(statement.observed_at), statement.observation or "")
        return [((statement.source, *own), moment, False)]
    return [
        (
            (statement.source, o.carrier or own[0], o.tracking_number or own[1]),
            (_seconds(o.observed_at or statement.observed_at), o.id),
            o.complete and o.observed_at is not None,
        )
        for o in asked
    ]


def _open_window(statement: Statement, book: Book, answers: Answers) -> None:
    for channel, moment, takes_back in _told(statement, book):
        if takes_back:
            windows = answers.setdefault(channel, {})
            windows[moment] = min(windows.get(moment, inf), statement.occurred_at.timestamp())


def _telling(group: Sequence[Statement], book: Book, answers: Answers) -> Telling:
    statement = group[0] if len(group) == 1 else _best_reading(group, book)
    t = statement.occurred_at.timestamp()
    return Telling(
        statement=statement,
        t=t,
        u=float(statement.uncertainty_s),
        ref=Ref(statement.carrier, statement.tracking_number),
        status=STATUSES[statement.sub_status],
        withdrawn=statement.withdrawn or (bool(answers) and _taken_back(group, t, book, answers)),
        by_person=statement.source == PERSON,
    )


def _best_reading(group: Sequence[Statement], book: Book) -> Statement:
    """The latest one; of one answer read twice, the one that understood more. A voiding wins over its own answer, and
    one without a time over everything: nobody voids what was not told before.
    """

    def worth(statement: Statement) -> tuple[Moment, bool, int]:
        latest = max(moment for _, moment, _ in _told(statement, book))
        if latest[0] == -inf:
            latest = (inf if statement.withdrawn else -inf, "")
        return (latest, statement.withdrawn, _understood(statement))

    worths = [worth(statement) for statement in group]
    best = max(worths)
    equals = [statement for statement, it in zip(group, worths, strict=True) if it == best]
    return equals[0] if len(equals) == 1 else min(equals, key=msgspec.json.encode)


def _understood(statement: Statement) -> int:
    if statement.sub_status == "other":
        return 0
    return 1 if STATUSES[statement.sub_status].milestone == "in_transit" else 2


def _taken_back(group: Sequence[Statement], t: float, book: Book, answers: Answers) -> bool:
    """Whether in each channel a newer complete answer, whose window holds this time, no longer tells it."""
    last: dict[Channel, Moment] = {}
    for statement in group:
        for channel, moment, _ in _told(statement, book):
            if moment[0] == -inf:
                return False
            last[channel] = max(last.get(channel, moment), moment)
    return all(
        any(at > moment and opens <= t <= at[0] for at, opens in answers.get(channel, {}).items())
        for channel, moment in last.items()
    )


def _deny(told: list[Telling]) -> None:
    """A person's withdrawn statement says that it is not so: it takes the same fact from every other source."""
    denials = [telling for telling in told if telling.by_person and telling.withdrawn]
    for denial in denials:
        for telling in told:
            if not telling.by_person and _denied(telling, denial):
                telling.withdrawn = True


def _denied(telling: Telling, denial: Telling) -> bool:
    if telling.statement.key == denial.statement.key:
        return True
    same_word = telling.statement.sub_status == denial.statement.sub_status
    return same_word and telling.ref == denial.ref and near(telling, denial)
