"""Sheets for people: the template, and rows given back with the reason why."""

import io
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

from everyleg.sheets.fates import Fate
from everyleg.sheets.headings import heading_of, headings
from everyleg.sheets.notes import Lang, say, say_all
from everyleg.sheets.writers import Book, Kind, Value, write_table


def rejected(fates: Iterable[Fate], lang: Lang) -> bytes:
    """The refused rows as a workbook: the columns as they came, and the reasons in one more."""
    out = io.BytesIO()
    write_rejected(out, "xlsx", fates, lang)
    return out.getvalue()


def write_rejected(out: BinaryIO, kind: Kind, fates: Iterable[Fate], lang: Lang) -> int:
    """The same into a file; gives how many rows it has. Other fates are passed over."""
    refused = (fate for fate in fates if fate.kind == "refused")
    first = next(refused, None)
    if first is None:
        return 0
    layout = first.row.layout
    named = {column: name for column, name in layout.headings.items() if column not in layout.passed_over}
    columns = range(max(named) + 1) if named else sorted(layout.fields)
    titles = [named.get(column, "") for column in columns] if named else [heading_of("number", lang)]
    count = 0

    def rows() -> Iterator[list[Value]]:
        nonlocal count
        for fate in chain([first], refused):
            count += 1
            yield [*(fate.row.cells.get(column, "") for column in columns), say_all(fate.notes, lang)]

    write_table(out, kind, say("refused", lang), [*titles, heading_of("reason", lang)], rows())
    return count


def template(lang: Lang) -> bytes:
    """An empty daily sheet: headings, columns formatted as text, one example row, and a sheet that explains."""
    out = io.BytesIO()
    ours = [heading for heading in headings() if heading.use == "in"]
    with Book(out) as book:
        titles = [heading_of(heading.field, lang) for heading in ours]
        sheet = book.sheet(say("daily_sheet", lang), titles, [max(14, len(heading.example) + 2) for heading in ours])
        book.write(sheet, 1, [heading.example for heading in ours])
        explained = [say(word, lang) for word in ("column_name", "what_it_is", "also_called")]
        sheet = book.sheet(say("how_to", lang), explained, [18, 70, 60])
        book.write(sheet, 1, ["", say("how_general", lang)], book.wrapped)
        for at, heading in enumerate(ours, 2):
            also = [heading.en if lang == "zh" else heading.zh, *heading.aliases]
            book.write(sheet, at, [titles[at - 2], heading.about[lang], ", ".join(also)], book.wrapped)
    return out.getvalue()
