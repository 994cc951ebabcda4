"""Dates as forwarders write them, made into what `sheets.dates` reads: years left out or short, clocks run together.

No fact is guessed: a year comes from the other dates of the sheet, or the cell is refused.
"""

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from everyleg.core.time.months import month_number
from everyleg.sheets.cells import tidy
from everyleg.sheets.dates import DayMonth
from everyleg.sheets.notes import Note, Refused
from everyleg.sheets.rows import Numeric

_NOT_YET = re.compile(r"(?:待|未|暂无|尚未|还未|没有)\D*|tb[acd]|pending|n\.?/?a\.?|not yet\D*", re.IGNORECASE)
_EXPECTED = re.compile(r"(?:预计|预|计划|约|大约|eta|etd|est\.?|expected|approx\.?)\s*[:：]?\s*(\S.*)", re.IGNORECASE)
_SHORT_YEAR = re.compile(r"(\d{1,2})[-/\s]?([A-Za-z]{3})[-/\s]?'?(\d{2})(?![\d:])(.*)")
_NO_YEAR = re.compile(r"(\d{1,2})\s*([-/.月])\s*(\d{1,2})日?(?![\d./-])(?![-/.月]\d)(\s.*|[Tt]\d.*)?")
_NO_YEAR_NAMED = re.compile(r"(\d{1,2})[-/\s]?([A-Za-z]{3})(?:\s+(\d{1,2}[:：]?\d\d.*))?")
_RUN_TOGETHER = re.compile(r"(.*\d{4}.*\S|.*[A-Za-z]{3}.*\S|\S+)\s+(\d\d)(\d\d)")
_HALF_YEAR = 6
_FIRST_YEAR = 2020
"""Four digits below it, behind a day, are rather a clock than a year."""
_YEARS = re.compile(
    r"(?<!\d)(20\d\d)(?=[-/.年]\s*\d|\d{4}(?!\d))|(?:[-/.]|[A-Za-z]{3})(20\d\d)(?!\d)"
    r"|(?<!\d)\d{1,2}[-/\s]?[A-Za-z]{3}[-/\s]?'?(\d\d)(?![\d:])"
)


class Column(Struct, frozen=True):
    """What the dates of a column leave unsaid."""

    epoch_1904: bool
    """Whether the workbook counts days from 1904."""
    order: Callable[[], DayMonth | None]
    """Asked only when day and month can be taken for each other."""
    years: Callable[[], frozenset[int]]
    """The years that the sheet names; asked only where one is left out."""
    month_first: bool = False
    """Whether a day without a year has its month first, unless other values of the column say otherwise."""


def said_of(cell: str | Numeric, *, planned: bool) -> str | Numeric | None:
    """What a cell of times says; None for *not yet* (`待定`), and for a guess (`预计21号`) where facts are wanted.

    Args:
        cell: of such a column.
        planned: whether the column is for what is expected (`预计到港`).
    """
    if isinstance(cell, Numeric):
        return cell
    text = tidy(cell, narrow=True)
    if _NOT_YET.fullmatch(text):
        return None
    if expected := _EXPECTED.fullmatch(text):
        return expected[1] if planned else None
    return cell


def joined(day: str | Numeric, clock: str | Numeric) -> str | Numeric:
    """The time that a cell of a day and one of a clock make together."""
    if isinstance(clock, Numeric):
        part = float(clock.text) if re.fullmatch(r"[\d.eE+-]+", clock.text) else 0.0
        if part >= 1:
            return clock  # it names its day itself
        minutes, seconds = divmod(round(part * 86_400), 60)
        clock = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    if isinstance(day, str):
        return f"{tidy(day)} {clock}" if not has_clock(day) else day
    hour, minute, second = ([int(n) for n in re.findall(r"\d+", clock)] + [0, 0, 0])[:3]
    whole = float(day.text) // 1
    return Numeric(str(whole + (hour * 3600 + minute * 60 + second) / 86_400), is_date=True)


def spelled(field: str, text: str, column: Column, notes: list[Note]) -> str:
    """A date as `moment` reads it: years of two digits and clocks without a colon (`19NOV26 2110`) written out, a year
    that is left out (`11月20日 18:30`) taken from the sheet.

    Args:
        field: the column's field.
        text: the cell's, narrow and tidied.
        column: what its dates leave unsaid.
        notes: the year that was added is noted.

    Raises:
        Refused: the year is missing, and the sheet does not tell it.
    """
    if short := _SHORT_YEAR.fullmatch(text):
        text = f"{short[1]} {short[2]} 20{short[3]}{short[4]}"
    elif named := _NO_YEAR_NAMED.fullmatch(text):
        if _is_year(named[3], column):
            text = f"{named[1]} {named[2]} {named[3]}"
        elif (month := month_number(named[2])) is not None:
            year = _year(field, text, month, column, notes)
            text = f"{named[1]} {named[2]} {year} {named[3] or ''}".strip()
    elif bare := _NO_YEAR.fullmatch(text):
        first, second, rest = int(bare[1]), int(bare[3]), bare[4] or ""
        year = _year(field, text, first if first <= 12 else second, column, notes)
        sure = bare[2] == "月" or second > 12 or (first <= 12 and column.month_first and column.order() is None)
        text = f"{year}-{first}-{second}{rest}" if sure else f"{first}/{second}/{year}{rest}"
    if (run := _RUN_TOGETHER.fullmatch(text)) and int(run[2]) < 24 and int(run[3]) < 60 and _dated(run[1]):
        text = f"{run[1]} {run[2]}:{run[3]}"
    return text


def _is_year(clock: str | None, column: Column) -> bool:
    """Whether four digits behind a day are its year: of `20NOV 2010` those of other dates decide."""
    if clock is None or not clock.isdecimal() or not clock.startswith("20"):
        return False
    years = column.years()
    return min(years) - 1 <= int(clock) <= max(years) + 1 if years else int(clock) >= _FIRST_YEAR


def _dated(text: str) -> bool:
    """Whether a text names its year already, so that four digits behind it are no year."""
    return re.search(r"(?<!\d)20\d\d(?!\d)|(?<!\d)20\d{6}(?!\d)", text) is not None


def _year(field: str, text: str, month: int, column: Column, notes: list[Note]) -> int:
    known = sorted(column.years())
    if not known or known[-1] - known[0] > 1:
        raise Refused("no_year", column=field, text=text[:60])
    year = known[0] if len(known) == 1 or month > _HALF_YEAR else known[-1]
    notes.append(Note("year_added", {"column": field, "text": text[:60], "year": str(year)}))
    return year


def years_in(text: str) -> Iterator[int]:
    """The years that dates in a text name beyond doubt."""
    for found in _YEARS.finditer(text):
        long, behind, short = found.groups()
        yield int(long or behind or f"20{short}")


def has_clock(text: str) -> bool:
    """Whether a text names a time of day."""
    return ":" in text or "时" in text or "点" in text
