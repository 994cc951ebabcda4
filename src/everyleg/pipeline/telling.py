"""Which telling of a statement stands, and what of all that was told the fold has to know: pure.

Of each statement only the latest telling is kept. What was taken back is still decided as if all were there, because
each answer says where its window opens. Equal answers count as one, received when the last of them was.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from everyleg.core.fold import Facts
from everyleg.core.model import Observation, Ref, Statement
from everyleg.pipeline.heard import Said
from everyleg.pipeline.joining import merged
from everyleg.pipeline.known import Moment, Reading, Row, Rows


class Answer(Struct):
    """Equal answers of one source about one number, as the last of them."""

    source: str
    moment: Moment
    observation_id: int
    complete: bool
    opens_at: datetime | None
    facts: Facts


class Answers:
    """What all answers said of one number."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        self._by_digest: dict[tuple[str, bytes | None], Answer] = {}
        self._of_observation: dict[int, Answer] = {}
        for reading in readings:
            self.add(reading)

    def add(self, reading: Reading) -> None:
        """One more; what found nothing tells nothing of the journey."""
        if reading.outcome != "found":
            return
        answer = Answer(
            reading.source, reading.moment, reading.observation_id, reading.complete, reading.opens_at, reading.facts
        )
        answer = self._by_digest.setdefault((reading.source, reading.digest), answer)
        if reading.moment > answer.moment:
            answer.moment, answer.observation_id = reading.moment, reading.observation_id
        self._of_observation[reading.observation_id] = answer

    def newest(self, source: str) -> Answer | None:
        """The latest answer of a source."""
        return max((a for a in self if a.source == source), key=lambda a: a.moment, default=None)

    def equal(self, source: str, digest: bytes) -> Answer | None:
        """The answer that said the same."""
        return self._by_digest.get((source, digest))

    def of(self, observation_id: int | None) -> Answer | None:
        """The answer that an observation is, among its equals."""
        return None if observation_id is None else self._of_observation.get(observation_id)

    def __iter__(self) -> Iterator[Answer]:
        return iter(self._by_digest.values())

    def facts(self) -> Facts:
        """What the answers say of the parcel: of each fact the latest word."""
        return merged(answer.facts for answer in sorted(self, key=lambda a: a.moment, reverse=True))


def tell(rows: Rows, answers: Answers, said: Said, reading: Reading, source: str) -> list[Row]:
    """Take an answer's statements into the rows of its number; gives the rows that changed.

    Args:
        rows: changed in place.
        answers: of the number, this one included.
        said: what it says.
        reading: the same as it is kept.
        source: whose word it is.
    """
    mine = answers.of(reading.observation_id)
    at, observation = reading.moment
    changed = []
    for rank, statement in enumerate(said.result.events):
        place = (source, statement.key)
        there = rows.get(place)
        if there is not None and mine is not None and not _newer(mine, there, answers):
            continue
        told = replace(statement, source=source, observed_at=at, observation=observation, rank=min(rank, _MOST_RANK))
        rows[place] = row = Row(told, reading.observation_id, None)
        changed.append(row)
    return changed


_MOST_RANK = 32_767


def _newer(mine: Answer, there: Row, answers: Answers) -> bool:
    before = answers.of(there.observation_id)
    return before is None or mine.moment > before.moment


def fold_input(ref: Ref, rows: Rows, answers: Answers) -> tuple[list[Observation], list[Statement]]:
    """The observations and statements of one number as the fold takes them."""
    used: dict[int, Answer] = {}
    statements = []
    answer: Answer | None = None
    last: int | None = -1
    for row in rows.values():
        if row.observation_id != last:
            answer, last = answers.of(row.observation_id), row.observation_id
        if answer is None:
            statements.append(row.statement)
        else:
            used[id(answer)] = answer
            told = row.statement
            at = answer.moment[1]
            statements.append(told if told.observation == at else replace(told, observation=at))
    for answer in _windows(list(answers)):
        used[id(answer)] = answer
    return [_observation(ref, answer) for answer in used.values()], statements


def _windows(answers: Sequence[Answer]) -> list[Answer]:
    """Complete answers, without those whose window a newer one of the same source holds."""
    standing: list[Answer] = []
    opens: dict[str, datetime] = {}
    for answer in sorted(answers, key=lambda a: a.moment, reverse=True):
        if answer.opens_at is None or not answer.complete:
            continue
        earliest = opens.get(answer.source)
        if earliest is None or answer.opens_at < earliest:
            opens[answer.source] = answer.opens_at
            standing.append(answer)
    return standing


def _observation(ref: Ref, answer: Answer) -> Observation:
    at, sha = answer.moment
    return Observation(sha, ref.carrier, ref.tracking_number, at, answer.complete, answer.source, answer.opens_at)
