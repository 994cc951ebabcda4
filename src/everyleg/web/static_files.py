"""Styles and scripts: what npm brought (`assets/`) and our own (`static/`), under addresses that change with them."""

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import Annotated

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, HeaderParameter
from msgspec import Struct

_FOLDERS = (Path(__file__).parent / "static", Path(__file__).parent / "assets")
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_FOREVER = "public, max-age=31536000, immutable"


class File(Struct, frozen=True):
    """A file as it is sent."""

    plain: bytes
    packed: bytes
    kind: str
    version: str


class MissingAssetError(RuntimeError):
    """A file that the pages need is not there."""


@cache
def load(name: str) -> File:
    """A file of ours or of npm's.

    Raises:
        MissingAssetError: it is in neither folder.
    """
    for folder in _FOLDERS:
        path = folder / name
        if path.parent == folder and path.suffix in _TYPES and path.is_file():
            body = path.read_bytes()
            version = hashlib.sha256(body).hexdigest()[:12]
            return File(body, gzip.compress(body, 6, mtime=0), _TYPES[path.suffix], version)
    raise MissingAssetError(f"{name} is not among the pages' files; run `make setup`, which brings them from npm")


def address(name: str) -> str:
    """The address of a file, which changes when the file does."""
    return f"/assets/{name}?{load(name).version}"


Accepted = Annotated[str, HeaderParameter(name="Accept-Encoding")]


@get("/assets/{name:str}", sync_to_thread=False)
def asset(
    name: FromPath[str], accept_encoding: Annotated[str, HeaderParameter(name="Accept-Encoding")] = ""
) -> Response[bytes]:
    """One file, kept by browsers for ever."""
    try:
        file = load(name)
    except MissingAssetError as error:
        raise NotFoundException from error
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    if "gzip" in accept_encoding:
        return Response(file.packed, media_type=file.kind, headers=headers | {"Content-Encoding": "gzip"})
    return Response(file.plain, media_type=file.kind, headers=headers)
