"""Sheets in and out: what a form brought, and a sheet as an answer."""

from typing import Any

from litestar import Response
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException
from msgspec import Struct

from everyleg.sheets.rows import MOST_BYTES

FORM_BYTES = MOST_BYTES + 100_000
"""The most that a form with a sheet may bring; larger bodies are refused while they come in."""
LIMITS = {"most": MOST_BYTES, "mb": MOST_BYTES >> 20}
"""What the form (`ui.sheet`) says of the size."""
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Brought(Struct, frozen=True):
    """What came: a file, else what was pasted."""

    body: bytes
    """Empty where nothing came."""
    text: str
    """What was pasted, to be shown again."""


async def brought(form: Any) -> Brought:
    """What a form with a sheet brought."""
    file, text = form.get("file"), form.get("text") or ""
    body = await file.read() if isinstance(file, UploadFile) and file.filename else b""
    body = body or text.encode()
    return Brought(body if body.strip() else b"", text)


def sheet(body: bytes | None, name: str) -> Response[bytes]:
    """A sheet to be saved under a name.

    Raises:
        NotFoundException: there is none any more.
    """
    if body is None:
        raise NotFoundException
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, media_type=_XLSX, headers=headers)
