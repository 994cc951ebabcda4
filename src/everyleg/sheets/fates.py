"""What became of a row."""

from typing import Literal

from msgspec import Struct

from everyleg.sheets.notes import Lang, Note, say, say_all
from everyleg.sheets.rows import Row

FateKind = Literal["added", "updated", "unchanged", "refused"]


class Fate(Struct, frozen=True):
    """What became of a row, and what is to say of it."""

    row: Row
    kind: FateKind
    notes: tuple[Note, ...] = ()
    """Repairs, decisions, what changed; of a refused row the reasons."""
    parcels: tuple[int, ...] = ()
    """Ids of its parcels; none of a refused row."""

    @property
    def repaired(self) -> bool:
        """Whether something of the row was set right."""
        return bool(self.row.repairs)

    def said(self, lang: Lang) -> str:
        """The fate in words: what became of the row, then why or how."""
        head = say(self.kind, lang)
        return head + ("：" if lang == "zh" else ": ") + say_all(self.notes, lang) if self.notes else head
