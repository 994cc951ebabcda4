"""The parts of a workbook file, unpacked no further than is allowed: a small file can hold a flood."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.parsers import expat

from everyleg.sheets.notes import SheetError

MOST_UNPACKED = 512 << 20
"""Bytes that all parts together may have; 200,000 full rows have 140 MB."""
MOST_RATIO = 300
"""How many times its packed size a large part may unfold to; rows that are all the same reach 100."""
LARGE = 16 << 20
MOST_PARTS = 10_000
CHUNK = 1 << 16


class Parts:
    """An open workbook file. A context manager."""

    def __init__(self, source: bytes | Path) -> None:
        """Open it and look at its directory.

        Raises:
            SheetError: it is no zip file, or would unfold to too much.
        """
        with mended():
            self._zip = zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
        self._infos = {info.filename.lstrip("/"): info for info in self._zip.infolist()}
        self._left = MOST_UNPACKED
        self._check()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    @property
    def names(self) -> list[str]:
        """Names of all parts."""
        return list(self._infos)

    def chunks(self, name: str, *, counted: bool = True) -> Iterator[bytes]:
        """A part's bytes, piece by piece; what its directory entry promises is not believed.

        Args:
            name: the part's.
            counted: whether it counts towards what may be unpacked; a look that parses nothing need not.

        Raises:
            SheetError: the part is not there, damaged, or all that was unpacked so far is too much.
        """
        if name not in self._infos:
            raise SheetError("damaged", detail=f"no {name}")
        with mended(), self._zip.open(self._infos[name]) as part:
            while chunk := part.read(CHUNK):
                self._left -= len(chunk) if counted else 0
                if self._left < 0:
                    raise _bomb(MOST_UNPACKED + 1)
                yield chunk

    def _check(self) -> None:
        infos = self._infos.values()
        total = sum(info.file_size for info in infos)
        folded = any(info.file_size > max(LARGE, MOST_RATIO * info.compress_size) for info in infos)
        if total > MOST_UNPACKED or folded:
            raise _bomb(total)
        if len(infos) > MOST_PARTS:
            raise SheetError("damaged", detail=f"{len(infos)} parts")


def _bomb(size: int) -> SheetError:
    return SheetError("bomb", size=-(-size // (1 << 20)), most=MOST_UNPACKED >> 20)


@contextmanager
def mended() -> Iterator[None]:
    """Whatever a broken zip or XML throws, as a `SheetError`."""
    try:
        yield
    except expat.ExpatError as error:
        raise SheetError("damaged", detail=f"XML: {expat.errors.messages.get(error.code, '?')}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise SheetError("damaged", detail=type(error).__name__) from error
    except (NotImplementedError, RuntimeError) as error:
        raise SheetError("encrypted") from error
