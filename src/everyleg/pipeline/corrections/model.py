"""The nouns of corrections."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from everyleg.accounts.actors import Actor

Kind = Literal[
    "delivered", "lost", "stop", "archive", "restart", "hide", "correct", "pin", "add_number", "replace", "remark"
]
"""What a person can correct."""


class Edit(Struct, frozen=True):
    """Somebody corrects a parcel."""

    actor: Actor
    """Who, and of which workspace."""
    parcel: int
    """One that was merged into another means that one."""
    now: datetime
    reason: str | None = None
    expected_version: int | None = None
    """The parcel's version that they looked at; None: whichever it has by now."""


class Pin(Struct, frozen=True):
    """A number moved to another carrier."""

    root: int
    """The number as it was first known."""
    to: int
    """The number under the carrier that it is of."""
    named: bool = False
    """It had no carrier, and got one where it stands: `root` is `to`."""


class Effect(Struct, omit_defaults=True):
    """What a correction did, as ids; nothing personal."""

    version: int | None = None
    """The parcel's version since."""
    undone_version: int | None = None
    statements: list[tuple[int, str]] = []
    """(number, key) of a person's statements."""
    says: str | None = None
    """The sub-status that they say."""
    at: datetime | None = None
    """The time that they say."""
    links: list[int] = []
    pin: Pin | None = None
    made: int | None = None
    """A parcel that was made for it."""
    remark: int | None = None
    numbers: list[int] = []
    """What has to be folded anew when it is undone."""


class Correction(Struct, frozen=True):
    """One correction of a parcel."""

    correction_id: int
    parcel_id: int
    kind: Kind
    reason: str | None
    author_id: int | None
    created_at: datetime
    undone_at: datetime | None
    undone_by: int | None
    effect: Effect


class Done(Struct, frozen=True):
    """What was done."""

    correction_id: int
    version: int
    """The parcel's version by now: what the next edit expects."""


class CorrectionError(Exception):
    """A correction was not made; nothing was changed."""


class NotPossibleError(CorrectionError):
    """It makes no sense for this parcel; the text says why and what to do."""

    def __init__(self, text: str, why: str, **values: str) -> None:
        """`why` names the reason in one word, and `values` what stands in it: for who says it in another language."""
        super().__init__(text)
        self.why, self.values = why, values


class StaleError(CorrectionError):
    """Somebody else corrected the parcel meanwhile."""

    def __init__(self, version: int, changes: Sequence[Correction]) -> None:
        """`version` is the parcel's by now; `changes` what was done and undone since, newest first."""
        who = ", ".join(_told(change) for change in changes) or "something else"
        super().__init__(f"this parcel was changed meanwhile ({who}): look at it again, then decide")
        self.version = version
        self.changes = tuple(changes)


def _told(change: Correction) -> str:
    undone = change.undone_at is not None
    at = change.undone_at or change.created_at
    author = change.undone_by if undone else change.author_id
    by = "somebody" if author is None else f"person {author}"
    return f"{change.kind}{' undone' if undone else ''} by {by} at {at:%Y-%m-%d %H:%M} UTC"
