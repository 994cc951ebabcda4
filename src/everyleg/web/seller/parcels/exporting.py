"""All parcels as a daily sheet, from the list."""

import tempfile
from collections.abc import Iterator
from typing import BinaryIO, cast

from litestar import get
from litestar.response import Stream

from everyleg.accounts import audit
from everyleg.accounts.roles import Permission
from everyleg.sheets.exporting import Wish, export
from everyleg.sheets.notes import SheetError
from everyleg.sheets.writers import Kind
from everyleg.web.page import Reader
from everyleg.web.threads import threaded

_IN_MEMORY = 8 << 20
"""Bytes of a sheet up to which no file is made."""
_PIECE = 64 << 10
_TYPES: dict[Kind, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@get("/parcels.xlsx")
@threaded
def workbook(page: Reader) -> Stream:
    """All parcels that one may see, as a workbook; as text when they are more than a workbook holds."""
    try:
        return _sheet(page, "xlsx")
    except SheetError:
        return _sheet(page, "csv")


@get("/parcels.csv")
@threaded
def text(page: Reader) -> Stream:
    """The same as text."""
    return _sheet(page, "csv")


def _sheet(page: Reader, kind: Kind) -> Stream:
    """The sheet, whole before its first byte goes out: what fails midway is an error and no half file."""
    page.require(Permission.EXPORT)
    database = page.services.database
    out = cast("BinaryIO", tempfile.SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 - closed by `_pieces`
    count = export(database, page.workspace, out, page.actor, Wish(kind, page.lang))
    with page.transaction() as connection:
        audit.note(connection, database.keys, page.actor, "parcels.exported", None, {"rows": count})
    headers = {
        "Content-Disposition": f'attachment; filename="everyleg-{page.now:%Y-%m-%d}.{kind}"',
        "Cache-Control": "no-store",
    }
    return Stream(_pieces(out), media_type=_TYPES[kind], headers=headers)


def _pieces(out: BinaryIO) -> Iterator[bytes]:
    with out:
        out.seek(0)
        while piece := out.read(_PIECE):
            yield piece


ROUTES = [workbook, text]
