"""The nouns of a sheet: raw cells as a file holds them, and rows as they are understood."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from everyleg.core.model import Ref
from everyleg.sheets.notes import Note

LONGEST_CELL = 32_767
"""Characters that a spreadsheet's cell holds; more is no cell."""
MOST_COLUMNS = 500
MOST_ROWS = 1_048_576
"""Rows that a spreadsheet holds."""
MOST_BYTES = 50 << 20
"""What a file may have; 200,000 full rows have 12 MB as XLSX and 30 as CSV."""


class Numeric(Struct, frozen=True):
    """A cell that a workbook keeps as a number."""

    text: str
    """As it stands in the file, before anything rounds it."""
    is_date: bool = False
    """Whether the cell is shown as a date or time."""
    zeros: int = 0
    """Digits to which the cell's format fills the number up with zeros."""


RawRow = tuple[int, Mapping[int, str | Numeric]]
"""A row's number in the sheet (from 1), and its cells by column (from 0); blank ones are left out."""


class Layout(Struct, frozen=True):
    """Which column is what."""

    headings: Mapping[int, str]
    """What stands above each column, as given; empty when the sheet has no headings."""
    fields: Mapping[int, str]
    """Columns that are read, and as what."""
    passed_over: frozenset[int] = frozenset()
    """Columns that only we write."""


class Row(Struct, frozen=True, kw_only=True):
    """One row as understood. What the sheet leaves blank is None or empty."""

    at: int
    """The row's number in the sheet, from 1."""
    layout: Layout
    cells: Mapping[int, str]
    """Every cell as given, to give it back."""
    numbers: tuple[Ref, ...] = ()
    """Tracking numbers; the carrier is empty where the number does not tell."""
    order: str | None = None
    channel: str | None = None
    shop: str | None = None
    platform: str | None = None
    country: str | None = None
    """ISO 3166-1 alpha-2."""
    postcode: str | None = None
    shipped_at: datetime | None = None
    promised_by: datetime | None = None
    email: str | None = None
    sku: str | None = None
    quantity: Decimal | None = None
    tags: tuple[str, ...] = ()
    remark: str | None = None
    attributes: Mapping[str, str] = {}
    """Cells of columns that are none of ours, by heading."""
    repairs: tuple[Note, ...] = ()
    """What was changed to understand it."""
    refusals: tuple[Note, ...] = ()
    """Why it is refused; empty when it is not."""
