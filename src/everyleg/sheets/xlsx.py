"""A workbook (XLSX): its visible sheets, each as rows."""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from everyleg.sheets.notes import SheetError
from everyleg.sheets.rows import Numeric, RawRow
from everyleg.sheets.xlsx_merges import Merges
from everyleg.sheets.xlsx_parts import Parts
from everyleg.sheets.xlsx_sheet import SharedStrings, SheetReader, local, pull
from everyleg.sheets.xlsx_styles import Look, Styles

_OTHERS = (
    ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    ("Index/Document.iwa", "a Numbers document"),
    ("word/document.xml", "a Word document"),
    ("content.xml", "an OpenDocument file"),
)
_RELATION_ID = "id"


class Workbook:
    """An open workbook. A context manager."""

    def __init__(self, source: bytes | Path) -> None:
        """Open it: the names of its sheets, its texts and styles.

        Raises:
            SheetError: it is no workbook, damaged, protected, or would unfold to too much.
        """
        self._parts = Parts(source)
        self._strings: SharedStrings | None = None
        self._looks: list[Look] = []
        self._sheets: list[str] = []
        self._merges: dict[int, Merges] = {}
        self.epoch_1904 = False
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the files go."""
        if self._strings:
            self._strings.close()
        self._parts.__exit__(None, None, None)

    @property
    def sheets(self) -> int:
        """How many visible sheets there are."""
        return len(self._sheets)

    def rows(self, sheet: int) -> Iterator[RawRow]:
        """The rows of a visible sheet, counted from 0; what is merged over several rows stands in each of them."""
        rows = SheetReader(self._strings, self._looks).rows(self._parts.chunks(self._sheets[sheet]))
        return self._merged(sheet).down(rows)

    def heading(self, sheet: int, row: RawRow) -> Mapping[int, str | Numeric]:
        """The cells of a row of headings, given as `rows` gives it; what is merged over several columns stands in each.

        A name over several columns is the name of each.
        """
        return self._merged(sheet).across(*row)

    def _merged(self, sheet: int) -> Merges:
        if sheet not in self._merges:
            self._merges[sheet] = Merges(self._parts.chunks(self._sheets[sheet], counted=False))
        return self._merges[sheet]

    def _open(self) -> None:
        book = self._relations("_rels/.rels", "").get("officeDocument", ["xl/workbook.xml"])[0]
        if book not in self._parts:
            raise self._no_workbook()
        folder, name = posixpath.split(book)
        related = self._relations(f"{folder}/_rels/{name}.rels", folder)
        self._sheets = self._visible(book, related)
        for part in related.get("styles", [])[:1]:
            styles = Styles()
            self._run(part, styles.start, styles.end)
            self._looks = styles.looks
        for part in related.get("sharedStrings", [])[:1]:
            self._strings = SharedStrings(self._parts.chunks(part))

    def _no_workbook(self) -> SheetError:
        for part, what in _OTHERS:
            if part in self._parts:
                return SheetError("other_workbook", what=what)
        return SheetError("other_workbook", what="a zip file without a workbook")

    def _relations(self, part: str, folder: str) -> dict[str, list[str]]:
        """Parts by the last word of their kind of relation, and by `#` and the relation's id."""
        found: dict[str, list[str]] = {}

        def start(name: str, attributes: dict[str, str]) -> None:
            if local(name) == "Relationship":
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
                for key in (attributes.get("Type", "").rpartition("/")[2], "#" + attributes.get("Id", "")):
                    found.setdefault(key, []).append(target)

        if part in self._parts:
            self._run(part, start, lambda _: None)
        return found

    def _visible(self, book: str, related: dict[str, list[str]]) -> list[str]:
        found: list[str] = []
        worksheets = set(related.get("worksheet", []))

        def start(name: str, attributes: dict[str, str]) -> None:
            if local(name) == "workbookPr":
                self.epoch_1904 = attributes.get("date1904") in ("1", "true")
            elif local(name) == "sheet" and attributes.get("state", "visible") == "visible":
                relation = next((value for key, value in attributes.items() if local(key) == _RELATION_ID), "")
                found.extend(part for part in related.get("#" + relation, []) if part in worksheets)

        self._run(book, start, lambda _: None)
        return found

    def _run(self, part: str, start: Callable[..., None], end: Callable[[str], None]) -> None:
        for _ in pull(self._parts.chunks(part), start, end):
            pass
