"""Where a carrier is asked, read off its manifest's `request`: method, path, parameters, place of the number."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from everyleg.ports.manifest.schema import Request

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SEPARATORS = re.compile(r"[,;\s]+")


class Question(Struct, frozen=True):
    """An HTTP request to a carrier, with its slug taken off the path."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = {}
    """Names in lower case."""
    body: str = ""


class Endpoint:
    """One carrier's address."""

    def __init__(self, request: Request) -> None:
        """Compile what a manifest asks with."""
        address = urlsplit(request.url.replace("{base_url}", "https://base"))
        templates = {**dict(parse_qsl(address.query, keep_blank_values=True)), **request.query}
        self.method = request.method
        self.path = address.path
        self.query = templates
        self._path = _pattern(address.path, r"[^/]+")
        self._query = {name: _pattern(text, r".*?") for name, text in templates.items() if "{number" in text}
        self._body = _pattern(request.body, r".*?") if request.body else None
        self.askable = any("{number" in text for text in (request.url, *templates.values(), request.body or ""))
        """Whether the manifest says where the number stands."""
        self.account = [name.lower() for name, text in request.headers.items() if "{" in text]
        """Headers that carry the account."""

    def numbers(self, question: Question) -> list[str] | None:
        """The numbers asked for, None when this is not how this carrier is asked."""
        at_path = self._path.fullmatch(question.path)
        if question.method != self.method or at_path is None:
            return None
        found = [*_captured(at_path)]
        for name, text in question.query:
            if name in self._query and (hit := self._query[name].fullmatch(text)):
                found += _captured(hit)
        if self._body is not None and (hit := self._body.search(question.body)):
            found += _captured(hit)
        return [number for text in found for number in _SEPARATORS.split(text) if number] or None


def _pattern(template: str, other: str) -> re.Pattern[str]:
    """A template as an expression: the number is caught, what else is filled in may be anything."""
    parts, caught = list[str](), False
    number = r"[^\"<&]+?" if other == ".*?" else other
    for index, part in enumerate(_PLACEHOLDER.split(template)):
        if index % 2 == 0:
            parts.append(re.escape(part).replace(r"\ ", r"\s*"))
        elif part in ("number", "numbers") and not caught:
            parts.append(f"(?P<number>{number})")
            caught = True
        else:
            parts.append(other)
    return re.compile("".join(parts), re.DOTALL)


def _captured(hit: re.Match[str]) -> list[str]:
    found = hit.groupdict().get("number")
    return [found] if found else []
