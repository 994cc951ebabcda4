"""What a person says of the way itself: delivered, lost; it is not so, it was otherwise; stopped, archived."""

from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from everyleg.core.fold.rules import PERSON
from everyleg.core.model import NOWHERE, Place, Ref, Statement, statement_key
from everyleg.core.vocabulary import STATUSES
from everyleg.pipeline.corrections.desk import Desk, apply
from everyleg.pipeline.corrections.flags import decide_flags
from everyleg.pipeline.corrections.model import Done, Edit, Effect, NotPossibleError
from everyleg.store.db import Database

End = Literal["delivered", "lost"]
Flag = Literal["stop", "archive", "restart"]

_ENDS: tuple[str, ...] = get_args(End)


class Better(Struct, frozen=True):
    """What of a statement was otherwise; None: as it was told."""

    sub_status: str | None = None
    occurred_at: datetime | None = None
    """With a zone."""
    country: str | None = None
    city: str | None = None


def mark(database: Database, edit: Edit, kind: End | Flag, at: datetime | None = None) -> Done:
    """Say that a parcel was delivered or is lost; stop following it, archive it, take both back.

    Args:
        database: the store.
        edit: who, of which parcel.
        kind: what.
        at: when it was delivered or lost; None: now.

    Raises:
        CorrectionError: as its subclasses say.
    """
    if kind not in _ENDS:
        return apply(database, edit, kind, _flag)
    moment = _instant(at or edit.now)

    def end(desk: Desk, correction: int) -> Effect:
        number = desk.own
        statement = _said(desk.names.refs[number], kind, moment, f"correction {correction}")
        said = desk.say(number, statement)
        return Effect(statements=[said], says=kind, at=moment, numbers=[number])

    return apply(database, edit, kind, end, _is_heard)


def hide(database: Database, edit: Edit, key: str) -> Done:
    """Say of a statement that it is not so; the same fact told by others goes with it, until somebody undoes this.

    Raises:
        CorrectionError: as its subclasses say.
    """

    def deny(desk: Desk, correction: int) -> Effect:
        number, statement = _meant(desk, key)
        said = desk.say(number, _denial(desk, statement))
        return Effect(statements=[said], says=statement.sub_status, at=statement.occurred_at, numbers=[number])

    return apply(database, edit, "hide", deny)


def correct(database: Database, edit: Edit, key: str, better: Better) -> Done:
    """Say of a statement that it was otherwise: the statement goes, a person's takes its place.

    Raises:
        CorrectionError: as its subclasses say.
    """

    def amend(desk: Desk, correction: int) -> Effect:
        number, statement = _meant(desk, key)
        amended = _amended(statement, better, f"correction {correction}")
        said = [desk.say(number, _denial(desk, statement)), desk.say(number, amended)]
        return Effect(statements=said, says=amended.sub_status, at=amended.occurred_at, numbers=[number])

    return apply(database, edit, "correct", amend, _is_heard)


def _flag(desk: Desk, correction: int) -> Effect:
    decide_flags(desk.store, desk.parcel, desk.edit.now)
    return Effect()


def _is_heard(desk: Desk, effect: Effect) -> None:
    """What was said has to be of this parcel: its number may have had another life at that time."""
    timeline = desk.timeline()
    keys = {key for event in timeline.events for key in event.witnesses} if timeline else set()
    if not {key for _, key in effect.statements} <= keys:
        raise NotPossibleError(
            "at that time the number was on another parcel: give a time within this parcel's own journey", "other_life"
        )


def _instant(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time needs its zone")
    return at


def _meant(desk: Desk, key: str) -> tuple[int, Statement]:
    """The statement of a key, with its number."""
    of_number = desk.store.statements(desk.numbers, desk.names.refs)
    found = [
        (number, source, row.statement)
        for number, rows in sorted(of_number.items())
        for (source, its_key), row in sorted(rows.items(), key=lambda item: item[0])
        if its_key == key
    ]
    if any(source == PERSON for _, source, _ in found):
        raise NotPossibleError("a person said this or hid it already: undo that correction instead", "said_already")
    if not found:
        raise NotPossibleError("this parcel has no such statement any more: look at it again", "no_statement")
    number, _, statement = found[0]
    return number, statement


def _said(ref: Ref, sub_status: str, at: datetime, key: str) -> Statement:
    """What a person says."""
    status = STATUSES[sub_status]
    offset = at.utcoffset() or timedelta()
    return Statement(
        carrier=ref.carrier,
        tracking_number=ref.tracking_number,
        stage=status.stage,
        milestone=status.milestone,
        sub_status=sub_status,
        occurred_local=at.replace(tzinfo=None),
        utc_offset=int(offset.total_seconds() // 60),
        time_basis="offset",
        occurred_at=at.astimezone(UTC),
        uncertainty_s=0,
        place=NOWHERE,
        code=None,
        text=None,
        lang=None,
        source=PERSON,
        observed_at=None,
        observation=None,
        key=statement_key(ref.carrier, ref.tracking_number, at.isoformat(), sub_status, key, None),
        rank=0,
    )


def _denial(desk: Desk, statement: Statement) -> Statement:
    """*It is not so*: the same key, withdrawn by a person. The source's words stay the source's."""
    return replace(
        statement, source=PERSON, withdrawn=True, text=None, lang=None, place=NOWHERE, observed_at=desk.edit.now
    )


def _amended(statement: Statement, better: Better, key: str) -> Statement:
    if better.sub_status is not None and better.sub_status not in STATUSES:
        raise NotPossibleError(f"the vocabulary has no {better.sub_status!r}: see docs/words.md", "no_meaning")
    sub_status = better.sub_status or statement.sub_status
    status = STATUSES[sub_status]
    place = _place(statement.place, better)
    amended = replace(
        statement,
        source=PERSON,
        sub_status=sub_status,
        milestone=status.milestone,
        stage=statement.stage if sub_status == statement.sub_status else status.stage,
        place=place,
        observed_at=None,
        observation=None,
    )
    if better.occurred_at is not None:
        timed = _said(Ref(statement.carrier, statement.tracking_number), sub_status, _instant(better.occurred_at), key)
        amended = replace(
            amended,
            occurred_local=timed.occurred_local,
            utc_offset=timed.utc_offset,
            time_basis="offset",
            occurred_at=timed.occurred_at,
            uncertainty_s=0,
        )
    if amended == replace(statement, source=PERSON, observed_at=None, observation=None):
        raise NotPossibleError("nothing would be otherwise: say what was", "nothing_new")
    made = statement_key(statement.carrier, statement.tracking_number, statement.key, sub_status, key, None)
    return replace(amended, key=made)


def _place(place: Place, better: Better) -> Place:
    if better.country is None and better.city is None:
        return place
    moved = better.country is not None and better.country != place.country
    city = better.city if better.city is not None else None if moved else place.city
    return Place(city=city, country=better.country or place.country)
