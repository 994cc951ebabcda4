"""Where a carrier is asked, read off its manifest's `request`: method, path, parameters, place of the number."""

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from msgspec import Struct

from everyleg.ports.manifest.request import spelled_out
from everyleg.ports.manifest.schema import Piece, Request, Token
from everyleg.ports.manifest.templates import kind_of

_PLACEHOLDER = re.compile(r"\{(\w+)\??\}")
_SEPARATORS = re.compile(r"[,;\s\[\]\"]+")


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
        whole, self._token = spelled_out(request)
        address = urlsplit(whole.url.replace("{base_url}", "https://base"))
        said = {**dict(parse_qsl(address.query, keep_blank_values=True)), **whole.query}
        templates = {name: text.replace("{parcel?}", "{number}") for name, text in said.items()}  # asked for no waybill
        self.method = whole.method
        self.path = address.path
        self.query = templates
        self._path = _pattern(address.path, r"[^/]+")
        self._query = {name: _pattern(text, r".*?") for name, text in templates.items() if "{number" in text}
        self._form = bool(whole.form)
        self._parts = [_pattern(text, r".*?") for text in _parts(whole) if "{number" in text]
        self.askable = "{number" in address.path or bool(self._query) or bool(self._parts)
        """Whether the manifest says where the number stands."""
        self.account = [name.lower() for name, text in whole.headers.items() if "{" in text]
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
        body = unquote_plus(question.body) if self._form else question.body
        for part in self._parts:
            found += [number for hit in part.finditer(body) for number in _captured(hit)]
        return [number for text in found for number in _SEPARATORS.split(text) if number] or None

    def let_in(self, question: Question) -> bool:
        """Whether it sends a header with an account, where the carrier wants one."""
        return not self.account or any(question.headers.get(name) for name in self.account)

    def token(self, question: Question) -> dict[str, object] | None:
        """The answer to a login, None when this is none."""
        token = self._token
        if token is None or (question.method, question.path) != (token.method, urlsplit(token.url).path):
            return None
        return _login(token)


def _login(token: Token) -> dict[str, object]:
    """A token, where the manifest looks for it, that lives for an hour."""
    inner: object = "lab-token"
    for key in reversed(token.at.split(".")):
        inner = {key: inner}
    return {"expires_in": 3600, **inner} if isinstance(inner, dict) else {}


def _parts(request: Request) -> Iterator[str]:
    """The templates that a body may be made of: itself, its form's fields, what is repeated in it, its values."""
    yield from ([request.body] if request.body else [])
    yield from request.form.values()
    yield from (one.text for one in request.repeat.values())
    yield from (one.text if isinstance(one, Piece) else one for one in request.values.values())


def _pattern(template: str, other: str) -> re.Pattern[str]:
    """A template as an expression: the number is caught, what else is filled in may be anything."""
    parts, caught = list[str](), False
    json = kind_of(template) == "json"
    for index, part in enumerate(_PLACEHOLDER.split(template)):
        if index % 2 == 0:
            parts.append(re.escape(part).replace(r"\ ", r"\s*"))
        elif part in ("number", "numbers") and not caught:
            bare = json and not parts[-1].endswith('"')
            number = r"\[[^\]]*\]|\"[^\"]*\"" if bare else r"[^\"<&{}]+?" if other == ".*?" else other
            parts.append(f"(?P<number>{number})")
            caught = True
        else:
            parts.append(other)
    # where nothing follows, the least would be the first character only
    return re.compile("".join(parts) + ("" if parts[-1] else r"(?![^&\s])"), re.DOTALL)


def _captured(hit: re.Match[str]) -> list[str]:
    found = hit.groupdict().get("number")
    return [found] if found else []
