"""Sheets as people have them: rows of cells made into CSV and XLSX."""

import csv
import io
import zipfile

import openpyxl

from everyleg.sheets.incoming import read


def csv_of(*rows, encoding="utf-8", delimiter=","):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_of(*rows, formats=None, epoch_1904=False):
    """Rows of Python values, as another program writes them; `formats`: number format by cell (`B2`)."""
    book = openpyxl.Workbook()
    if epoch_1904:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    for row in rows:
        book.active.append(row)
    for cell, code in (formats or {}).items():
        book.active[cell].number_format = code
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(workbook, part, change):
    """A workbook with one of its parts changed by a function of its bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == part else data)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def rows_of(source, habits=None):
    return list(read(source, habits))


def row_of(source, habits=None):
    (row,) = rows_of(source, habits)
    return row


def kinds(notes):
    return [note.kind for note in notes]


def numbers(row):
    return [ref.tracking_number for ref in row.numbers]
