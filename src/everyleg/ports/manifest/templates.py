"""Templates of requests: text with `{names}`, each filled in as its place wants it, so that no value can leave it.

A template that looks like JSON or XML is filled in as such: inside a JSON string the value is escaped, outside quotes
it becomes a JSON value of its own (a list where there are several); in XML it is escaped.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Literal
from urllib.parse import quote
from xml.sax.saxutils import escape

from msgspec import Struct

Value = str | Sequence[str]
"""What is filled in: a text, or several (the numbers of a batch)."""


class Part(str):
    """A text that is already written for the place where it goes: a part of the JSON or XML around it."""

    __slots__ = ()


Look = Callable[[str], Value | None]
"""Gives the value of a name, None where there is none."""

Place = Literal["text", "origin", "path", "query", "header", "json", "json_text", "xml"]

_NAME = re.compile(r"\{(\w+)(\?)?\}")
_ILLEGAL_XML = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


class Lacking(Exception):  # noqa: N818 - it names what is wrong
    """Something that has to be filled in is not there; `name` is its name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Unfit(Exception):  # noqa: N818 - it names what is wrong
    """A value cannot stand where it should (a line break in a header); `name` is its name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _Slot(Struct, frozen=True):
    name: str
    optional: bool
    place: Place


class Template:
    """One template, taken apart."""

    def __init__(self, parts: Sequence[str | _Slot]) -> None:
        """Literal texts and slots, in order; made by the functions below."""
        self._parts = parts

    @property
    def names(self) -> list[str]:
        """The names that it fills in, in order."""
        return [part.name for part in self._parts if not isinstance(part, str)]

    @property
    def droppable(self) -> bool:
        """Whether it says nothing where its optional values are missing."""
        return any(not isinstance(part, str) and part.optional for part in self._parts)

    def fill(self, look: Look, joined_with: str = ",") -> str | None:
        """The text; None where a value that may be missing (`{name?}`) is.

        Args:
            look: gives the values.
            joined_with: what stands between several values that become one text.

        Raises:
            Lacking: a value that must be there is not.
            Unfit: a value cannot stand in its place.
        """
        made = []
        for part in self._parts:
            if isinstance(part, str):
                made.append(part)
                continue
            value = look(part.name)
            if value is None or value == "":
                if part.optional:
                    return None
                raise Lacking(part.name)
            made.append(_placed(value, part, joined_with))
        return "".join(made)


Kind = Literal["json", "xml", "plain"]


def kind_of(text: str) -> Kind:
    """What a template looks like."""
    start = text.lstrip()
    if start.startswith("<"):
        return "xml"
    return "json" if start.startswith("[") or (start.startswith("{") and not _NAME.match(start)) else "plain"


def of_text(text: str, kind: Kind | None = None) -> Template:
    """A template whose values are filled in by its kind, which is seen from the text unless said."""
    match kind or kind_of(text):
        case "xml":
            return _template(text, lambda _: "xml")
        case "json":
            return _template(text, lambda before: "json_text" if _in_string(before) else "json")
        case _:
            return _template(text, lambda _: "text")


def of_header(text: str) -> Template:
    """A template of a header."""
    return _template(text, lambda _: "header")


def of_pairs(text: str) -> Template:
    """A template of `name=value&…`: values are URL-encoded."""
    return _template(text, lambda _: "query")


def of_url(text: str) -> Template:
    """A template of an address: values before its path stand as they are, others are URL-encoded."""
    return _template(text, _place_in_url)


def _place_in_url(before: str) -> Place:
    if "?" in before:
        return "query"
    address = before.partition("://")[2] if "://" in before else before.lstrip("\0")
    return "path" if "/" in address else "origin"


def _template(text: str, place: Callable[[str], Place]) -> Template:
    parts, end = list[str | _Slot](), 0
    for found in _NAME.finditer(text):
        parts.append(text[end : found.start()])
        parts.append(_Slot(found[1], found[2] is not None, place(_NAME.sub("\0", text[: found.start()]))))
        end = found.end()
    parts.append(text[end:])
    return Template([part for part in parts if part != ""])


def _in_string(before: str) -> bool:
    """Whether JSON is inside a string after these characters."""
    return len(re.findall(r'(?<!\\)(?:\\\\)*"', before)) % 2 == 1


def _placed(value: Value, slot: _Slot, joined_with: str) -> str:
    several = [value] if isinstance(value, str) else list(value)
    if isinstance(value, Part) and slot.place in ("json", "xml"):
        return value
    if slot.place == "json":
        return json.dumps(value if isinstance(value, str) else several, ensure_ascii=False)
    if slot.place in ("path", "query"):
        return quote(joined_with, safe=",;").join(_quoted(one) for one in several)
    text = joined_with.join(several)
    if slot.place == "json_text":
        return json.dumps(text, ensure_ascii=False)[1:-1]
    if slot.place == "xml":
        return escape(_ILLEGAL_XML.sub("", text), {'"': "&quot;", "'": "&apos;"})
    if slot.place == "header" and not (text.isprintable() and text.isascii()):
        raise Unfit(slot.name)
    if slot.place == "origin" and not (text.isprintable() and not re.search(r"[\s?#\\]", text)):
        raise Unfit(slot.name)
    return text


def _quoted(text: str) -> str:
    """URL-encoded; dots alone too, which in a path would lead elsewhere."""
    return "%2E" * len(text) if text in (".", "..") else quote(text, safe="")
