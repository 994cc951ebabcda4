"""The corpus score: how much of real answers is read, held against a coarse reference.

The reference (each `NAME.expected.json`) was made by another project's tests: 12 status words, offsets dropped, some
events wrong. So it is asked only whether each of its events is there and at the wall clock it names; where it is
wrong, `tests/corpus/exceptions.yaml` says so, with a reason.
"""

import csv
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from everyleg.core.model import Statement
from everyleg.core.wording import tidy
from everyleg.ports.answer import Answer
from everyleg.ports.carrier import Answered
from everyleg.ports.registry import Registry

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?\s*([AP]M)?", re.IGNORECASE)
_PLAIN = re.compile(r"\W+")


class Score(Struct):
    """Counts over some answers."""

    answers: int = 0
    read: int = 0
    """Understood as the carrier's answer or error."""
    reference: int = 0
    """Events of the reference, exceptions left out."""
    found: int = 0
    timed: int = 0
    """Found events for which the reference has a clock."""
    on_time: int = 0
    events: int = 0
    """Events that we read."""
    other: int = 0
    in_transit: int = 0
    excepted: int = 0

    def add(self, more: "Score") -> None:
        """Add the counts of `more`."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(more, name))

    def shares(self) -> dict[str, float]:
        """The shares that may only rise (or, for `other` and `in_transit`, fall)."""
        return {
            "read": _share(self.read, self.answers),
            "found": _share(self.found, self.reference),
            "on_time": _share(self.on_time, self.timed),
            "other": _share(self.other, self.events),
            "in_transit": _share(self.in_transit, self.events),
        }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0


class Folder(Struct, frozen=True):
    """A folder of the corpus and the carrier that it belongs to."""

    name: str
    slug: str
    must: bool


class Miss(Struct, frozen=True):
    """Something of the reference that was not met."""

    answer: str
    what: str


def folders(shared: Path) -> list[Folder]:
    """The folders of `corpus/slugs.csv`."""
    with (shared / "corpus" / "slugs.csv").open(encoding="utf-8") as lines:
        return [Folder(row["folder"], row["slug"], row["must"] == "yes") for row in csv.DictReader(lines)]


def score_folder(shared: Path, folder: Folder, registry: Registry, exceptions: set[str]) -> tuple[Score, list[Miss]]:
    """Score of the JSON and XML answers of a folder, and what was missed."""
    score, misses = Score(), list[Miss]()
    for path in sorted((shared / "corpus" / "payloads" / folder.name).glob("*")):
        if path.suffix in (".json", ".xml") and not path.name.endswith(".expected.json"):
            more = score_answer(path, folder, registry, exceptions, misses)
            score.add(more)
    return score, misses


def score_answer(path: Path, folder: Folder, registry: Registry, exceptions: set[str], misses: list[Miss]) -> Score:
    """Score of one answer."""
    name = f"{folder.name}/{path.name}"
    body = path.read_bytes()
    answered = registry.carrier(folder.slug).read(Answer(body), audit=False)
    events = [e for r in answered.reading.results for e in r.events]
    score = Score(answers=1, read=int(answered.understood), events=len(events))
    score.other = sum(e.sub_status == "other" for e in events)
    score.in_transit = sum(e.sub_status == "in_transit" for e in events)
    if not answered.understood:
        misses.append(Miss(name, f"not read: {_reason(answered)}"))
    for reference in _reference_events(path):
        _score_event(name, reference, events, exceptions, score, misses)
    return score


def _reason(answered: Answered) -> str:
    reason = answered.reading.results[0].reason
    return f"{reason.kind}: {reason.detail}" if reason else "no reason"


def _reference_events(path: Path) -> Iterator[dict[str, Any]]:
    expected = path.with_name(path.stem + ".expected.json")
    if expected.exists():
        for tracker in msgspec.json.decode(expected.read_bytes()).get("trackers") or []:
            yield from tracker.get("events") or []


def _score_event(
    name: str, wanted: dict[str, Any], events: list[Statement], exceptions: set[str], score: Score, misses: list[Miss]
) -> None:
    label = f"{name}: {wanted.get('date')} {wanted.get('time')} {wanted.get('description')}"
    if label in exceptions:
        score.excepted += 1
        return
    score.reference += 1
    same = [e for e in events if _same_words(wanted, e) and _same_day(wanted, e)] or [
        e for e in events if _on_time(wanted, e)
    ]
    if not same:
        misses.append(Miss(name, f"event not found: {label}"))
        return
    score.found += 1
    if wanted.get("time"):
        score.timed += 1
        score.on_time += (right := any(_on_time(wanted, e) for e in same))
        if not right:
            misses.append(Miss(name, f"time differs ({same[0].occurred_local}): {label}"))


def _same_words(wanted: dict[str, Any], event: Statement) -> bool:
    words, text = _plain(wanted.get("description")), _plain(event.text)
    code = _plain(wanted.get("code"))
    return bool(words) and (words in text or text in words) if text else bool(code) and code == _plain(event.code)


def _plain(text: Any) -> str:
    return _PLAIN.sub("", tidy(str(text)).lower()) if text else ""


def _same_day(wanted: dict[str, Any], event: Statement) -> bool:
    said = _date(wanted)
    return said is None or said in {_local(event).date(), event.occurred_at.date()}


def _date(wanted: dict[str, Any]) -> date | None:
    try:
        return date.fromisoformat(str(wanted.get("date"))[:10])
    except ValueError:
        return None


def _local(event: Statement) -> datetime:
    return event.occurred_local or event.occurred_at


def _on_time(wanted: dict[str, Any], event: Statement) -> bool:
    """Same minute on the wall clock, or in UTC where the reference printed that."""
    said, clock = _date(wanted), _CLOCK.fullmatch(str(wanted.get("time") or "").strip())
    if said is None or clock is None:
        return said is not None and _same_day(wanted, event) and _same_words(wanted, event)
    hour = int(clock[1]) % 12 + 12 * (clock[3].upper() == "PM") if clock[3] and int(clock[1]) <= 12 else int(clock[1])
    if event.time_basis == "date" and (hour, int(clock[2])) == (0, 0):  # a day, printed as its midnight
        return _same_day(wanted, event)
    minute = (said, hour, int(clock[2]))
    return minute in {_minute(_local(event)), _minute(event.occurred_at)}


def _minute(at: datetime) -> tuple[date, int, int]:
    return at.date(), at.hour, at.minute
