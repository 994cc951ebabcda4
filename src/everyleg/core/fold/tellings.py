"""Statements as the fold works on them: one for each source and key, in its latest reading, standing or withdrawn."""

from collections.abc import Collection, Iterable, Sequence
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
    observations, statements = list(observations), list(statements)
    heard = _Heard(() if _are_one_answer(observations, statements) else observations)
    groups: dict[tuple[str, str], list[Statement]] = {}
    for statement in statements:
        groups.setdefault((statement.source, statement.key), []).append(statement)
        if heard.book:
            heard.open_window(statement)
    told = [_telling(group, heard) for group in groups.values()]
    _deny(told)
    told.sort(key=place_in_list)
    return told


def _are_one_answer(observations: Sequence[Observation], statements: Sequence[Statement]) -> bool:
    """Whether one answer, received once, told everything: there is nothing that it could take back."""
    return len(observations) == 1 and all(s.observation == observations[0].id for s in statements)


def _seconds(at: datetime | None) -> float:
    return -inf if at is None else at.timestamp()


class _Heard:
    """The answers: where and when each statement was told, and which windows may take it back. What the statements of
    one answer have in common is worked out once.
    """

    def __init__(self, observations: Iterable[Observation]) -> None:
        self.book: Book = {}
        self.answers: Answers = {}
        self._told: dict[tuple[str | None, str, str, str, datetime | None], list[Told]] = {}
        self._later: dict[tuple[Channel, Moment], list[tuple[float, float]]] = {}
        self._unknown: set[str] = set()
        for o in observations:
            self.book.setdefault(o.id, []).append(o)
            if o.opens_at is None:
                self._unknown.add(o.id)
            elif o.observed_at is not None and o.complete:
                moment = (_seconds(o.observed_at), o.id)
                self._open((o.source, o.carrier, o.tracking_number), moment, o.opens_at)

    def _open(self, channel: Channel, moment: Moment, at: datetime) -> None:
        windows = self.answers.setdefault(channel, {})
        windows[moment] = min(windows.get(moment, inf), at.timestamp())

    def open_window(self, statement: Statement) -> None:
        """Let the windows of the answers that told a statement hold it; of those that do not say themselves."""
        if statement.observation in self._unknown:
            for channel, moment, takes_back in self.told(statement):
                if takes_back:
                    self._open(channel, moment, statement.occurred_at)

    def told(self, s: Statement) -> list[Told]:
        """Where and when a statement was told."""
        place = (s.observation, s.source, s.carrier, s.tracking_number, s.observed_at)
        found = self._told.get(place)
        if found is None:
            found = self._told[place] = _told(s, self.book)
        return found

    def later(self, channel: Channel, moment: Moment) -> list[tuple[float, float]]:
        """The windows of newer complete answers of a channel: opening and end. To be asked once all are open."""
        found = self._later.get((channel, moment))
        if found is None:
            windows = self.answers.get(channel, {}).items()
            found = self._later[channel, moment] = [(opens, at[0]) for at, opens in windows if at > moment]
        return found


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


def _telling(group: Sequence[Statement], heard: _Heard) -> Telling:
    statement = group[0] if len(group) == 1 else _best_reading(group, heard)
    t = statement.occurred_at.timestamp()
    return Telling(
        statement,
        t,
        float(statement.uncertainty_s),
        Ref(statement.carrier, statement.tracking_number),
        STATUSES[statement.sub_status],
        statement.withdrawn or (bool(heard.answers) and _taken_back(group, t, heard)),
        statement.source == PERSON,
    )


def _best_reading(group: Sequence[Statement], heard: _Heard) -> Statement:
    """The latest one; of one answer read twice, the one that understood more. A voiding wins over its own answer, and
    one without a time over everything: nobody voids what was not told before.
    """

    def worth(statement: Statement) -> tuple[Moment, bool, int]:
        latest = max(moment for _, moment, _ in heard.told(statement))
        if latest[0] == -inf:
            latest = (inf if statement.withdrawn else -inf, "")
        return (latest, statement.withdrawn, understood(statement))

    worths = [worth(statement) for statement in group]
    best = max(worths)
    equals = [statement for statement, it in zip(group, worths, strict=True) if it == best]
    return equals[0] if len(equals) == 1 else min(equals, key=msgspec.json.encode)


def understood(statement: Statement) -> int:
    """How much a reading understood: 0 nothing, 1 that it moves, 2 what happened."""
    if statement.sub_status == "other":
        return 0
    return 1 if STATUSES[statement.sub_status].milestone == "in_transit" else 2


def _taken_back(group: Sequence[Statement], t: float, heard: _Heard) -> bool:
    """Whether in each channel a newer complete answer, whose window holds this time, no longer tells it."""
    told = heard.told(group[0])
    if len(group) == 1 and len(told) == 1:
        ((channel, moment, _),) = told
        return moment[0] != -inf and any(opens <= t <= end for opens, end in heard.later(channel, moment))
    last: dict[Channel, Moment] = {}
    for statement in group:
        for channel, moment, _ in heard.told(statement):
            if moment[0] == -inf:
                return False
            last[channel] = max(last.get(channel, moment), moment)
    return all(
        any(opens <= t <= end for opens, end in heard.later(channel, moment)) for channel, moment in last.items()
    )


def _deny(told: list[Telling]) -> None:
    """A person's withdrawn statement says that it is not so: it takes the same fact from every other source."""
    denials = [telling for telling in told if telling.by_person and telling.withdrawn]
    for denial in denials:
        meant = {t.statement.source for t in told if t.statement.key == denial.statement.key}
        for telling in told:
            if not telling.by_person and _denied(telling, denial, meant):
                telling.withdrawn = True


def _denied(telling: Telling, denial: Telling, meant: Collection[str]) -> bool:
    """By its key; else by the same word at that time, but no other statement of a source whose one is meant by key: two
    of one source are two facts.
    """
    if telling.statement.key == denial.statement.key:
        return True
    if telling.statement.source in meant:
        return False
    same_word = telling.statement.sub_status == denial.statement.sub_status
    return same_word and telling.ref == denial.ref and near(telling, denial)
