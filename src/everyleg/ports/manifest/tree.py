"""From bytes to a tree of maps, lists and texts, whatever the wire format; refusing what is not an answer.

XML becomes the same kind of tree as JSON: an element with children is a map, a repeated child a list, an attribute
`@name`, the text beside attributes `#text`; name spaces are left out. So one reader serves both.
"""

import codecs
import re
import threading
from collections.abc import Callable
from typing import Any

import msgspec
from lxml import etree

from everyleg.ports.manifest.wanted import Kept, Wanted, local_name

MAX_BYTES = 20_000_000
"""No carrier's answer is larger; what is, is no answer."""

_ENCODING = re.compile(rb'^<\?xml[^>]*encoding=["\']([A-Za-z0-9._-]+)', re.IGNORECASE)
_PARSER_OPTIONS: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "remove_blank_text": True,
}
_HTML = re.compile(rb"^\s*(<!doctype\s+html|<html|<head|<body|<script)", re.IGNORECASE)
_JSON_STARTS = frozenset({b"{", b"["})
_decode = msgspec.json.Decoder().decode
# No two repeats side by side that take the same characters: an answer of a million blanks must not take hours.
_STATUS_LINE = re.compile(rb"\s*-?\d{1,5}[^\S\n]*\n\s*(?=<[A-Za-z])")
"""A number on a line of its own before elements without a root, as NiuMen's systems answer."""
_TOO_OFTEN = re.compile(r"^[^{\[<]*(频繁|too many requests|rate limit)", re.IGNORECASE)
"""Bare words with which some systems (K5) slow down who asks."""
_JSONP = re.compile(rb"^\s*[A-Za-z_$][\w$.]*\s*\((.*)\)\s*(?:;\s*)?$", re.DOTALL)


class Unreadable(ValueError):  # noqa: N818 - it names the outcome
    """The bytes are no answer of this kind; `kind` is the failed kind of the contracts."""

    def __init__(self, detail: str, kind: str = "unreadable") -> None:
        super().__init__(detail)
        self.kind = kind


def parse(body: bytes, wanted: Wanted | None = None) -> tuple[str, Any]:
    """Kind (`json` or `xml`) and tree of an answer; of XML only what is `wanted`, if that is given.

    Raises:
        Unreadable: empty, too large, cut, HTML (a login or captcha page is kind `refused`), or in no known charset.
    """
    if len(body) > MAX_BYTES:
        raise Unreadable(f"{len(body):,} bytes are more than any carrier answers ({MAX_BYTES:,}); ask again")
    if body[:1] in _JSON_STARTS:
        try:
            return "json", _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return "json", parse_json(body)
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:512]
    if not start:
        raise Unreadable("the answer is empty; ask again")
    if body[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return parse(body.decode("utf-16", "replace").encode(), wanted)
    if _HTML.match(start):
        raise _html(body)
    if start[:1] == b"<":
        # Blanks before the XML declaration are an error of the letter only.
        return "xml", parse_xml(body.lstrip(b"\xef\xbb\xbf \t\r\n"), wanted)
    if status_line := _STATUS_LINE.match(body):
        return "xml", parse_xml(b"<answer>" + to_utf8(body[status_line.end() :]) + b"</answer>", wanted)
    return "json", parse_json(body)


def _html(body: bytes) -> Unreadable:
    words = body[:200_000].lower()
    for sign, detail in (
        (b"captcha", "a captcha page instead of data; the carrier wants a person"),
        (b'type="password"', "a login page instead of data; check the account's credentials"),
        (b"unauthorized", "an HTML page that says Unauthorized; check the account's credentials"),
        (b"forbidden", "an HTML page that says Forbidden; check the account and the address it asks from"),
        (b"access denied", "an HTML page that says Access Denied; check the account and the address it asks from"),
    ):
        if sign in words:
            return Unreadable(detail, "refused")
    return Unreadable("an HTML page instead of data; the address or the service is not what the manifest expects")


def to_utf8(body: bytes) -> bytes:
    """The body in UTF-8: as it is, or from GB18030, in which some Chinese hosts answer.

    Raises:
        Unreadable: when it is neither.
    """
    try:
        body.decode()
    except UnicodeDecodeError as error:
        try:
            return body.decode("gb18030").encode()
        except UnicodeDecodeError:
            raise Unreadable(f"byte {error.start} is neither UTF-8 nor GB18030; the answer is damaged") from error
    return body


def parse_json(body: bytes) -> Any:
    """Tree of a JSON body; JSONP is unwrapped.

    Raises:
        Unreadable: with the place where it breaks.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        return msgspec.json.decode(body)
    except RecursionError as error:
        raise Unreadable("nested deeper than any answer; not read") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _second_try(body, error)


def _second_try(body: bytes, first: Exception) -> Any:
    """The rarer forms: another charset, JSONP."""
    wrapped = _JSONP.match(body)
    candidate = to_utf8(wrapped.group(1) if wrapped else body)
    try:
        return msgspec.json.decode(candidate)
    except (msgspec.DecodeError, RecursionError) as error:
        head = candidate[:40].decode("utf-8", "replace").strip()
        if _TOO_OFTEN.search(head):
            raise Unreadable(f"no data, but the words {head!r}; ask less often", "rate_limited") from first
        raise Unreadable(f"not valid JSON ({error}); it begins with {head!r}") from first


def parse_xml(body: bytes, wanted: Wanted | None = None) -> Any:
    """Tree of an XML body, below a map with the root's name; only what is `wanted`, if that is given.

    Raises:
        Unreadable: with the line where it breaks; a document type (entities) is refused.
    """
    if body.find(b"<!DOCTYPE", 0, 4096) >= 0 or body.find(b"<!ENTITY", 0, 65536) >= 0:
        raise Unreadable("the XML declares a document type; entities are not read")
    try:
        root = etree.fromstring(body, _parser())
    except etree.XMLSyntaxError as error:
        root = _recode_xml(body, error)
    except ValueError as error:
        raise Unreadable(f"not readable XML: {error}") from error
    name = _LOCAL[root.tag]
    if wanted is None:
        return {name: xml_tree(root)}
    below = wanted.children.get(name)
    return {name: _wanted_tree(root, below) if below is not None else None}


_OF_THREAD = threading.local()


def _parser() -> Any:
    """This thread's parser; making one takes as long as reading a small answer."""
    parser = getattr(_OF_THREAD, "parser", None)
    if parser is None:
        parser = _OF_THREAD.parser = etree.XMLParser(**_PARSER_OPTIONS)
    return parser


def _recode_xml(body: bytes, first: etree.XMLSyntaxError) -> Any:
    """Undeclared GB18030 or Latin-1; otherwise the first error stands."""
    if _ENCODING.match(body.lstrip()) or not _not_utf8(body):
        raise Unreadable(f"not valid XML: {first.msg}") from first
    try:
        text = body.decode("gb18030")
        return etree.fromstring(text.encode(), _parser())
    except (UnicodeDecodeError, etree.XMLSyntaxError):
        raise Unreadable(f"not valid XML: {first.msg}") from first


def _not_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


_LOCAL = Kept[str](local_name)
"""Tag → its name without name space."""


def xml_tree(element: Any) -> Any:
    """Tree of one element."""
    node: dict[str, Any] = _attributes(element.attrib) if element.attrib else {}
    for child in element[:]:  # a slice is the fastest way to all children
        name = _LOCAL[child.tag]
        value = xml_tree(child) if len(child) or child.attrib else child.text
        if name in node:
            _add(node, name, value)
        else:
            node[name] = value
    text = element.text
    if not node:
        return text
    if text is not None and not text.isspace():
        node["#text"] = "".join(element.itertext()) if len(element) else text
    elif not len(element):
        node["#text"] = text
    return node


def _wanted_tree(element: Any, wanted: Wanted) -> Any:
    """Of the tree of an element what is wanted; the rest might as well not be there."""
    if wanted.whole or wanted.text or not len(element):
        return xml_tree(element)
    node: dict[str, Any] = {}
    of_tag = wanted.of_tag
    for child in element[:]:  # a slice is the fastest way to all children
        found = of_tag[child.tag]
        if found is None:
            continue
        name, below = found
        value = child.text if below.leaf and not len(child) else _wanted_tree(child, below)
        if name in node:
            _add(node, name, value)
        else:
            node[name] = value
    return node or _OTHER_THINGS


_OTHER_THINGS: dict[str, Any] = {"": None}
"""The tree of an element of whose children none is wanted."""


def _add(node: dict[str, Any], name: str, value: Any) -> None:
    """Add a child whose name is there already: they become a list."""
    before = node[name]
    if type(before) is list:
        before.append(value)
    else:
        node[name] = [before, value]


def _attributes(attributes: Any) -> dict[str, Any]:
    return {"@" + _LOCAL[name]: value for name, value in attributes.items()}


def unwrap(tree: Any, paths: list[list[str]]) -> Any:
    """The tree with the strings at `paths` replaced by what they hold, each JSON or XML of its own."""
    for keys in paths:
        tree = _replace(tree, keys, lambda text: parse(text.encode())[1])
    return tree


def _replace(node: Any, keys: list[str], change: Callable[[str], Any]) -> Any:
    if isinstance(node, list):
        return [_replace(item, keys, change) for item in node]
    if not keys:
        return change(node) if isinstance(node, str) and node.strip() else node
    if isinstance(node, dict) and keys[0] in node:
        return {**node, keys[0]: _replace(node[keys[0]], keys[1:], change)}
    return node
