"""From the request part of a manifest to requests: which placeholders there are, and what is filled in.

A `Recipe` is compiled once; `make` gives the request for some questions, an account and a moment. Nothing is sent here.
"""

import re
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime as http_date
from typing import TypeVar
from urllib.parse import quote
from uuid import uuid4
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from msgspec import Struct
from msgspec.structs import replace

from everyleg.ports.asking import Ask, Outgoing
from everyleg.ports.manifest.schema import Auth, Call, Piece, Request, Token
from everyleg.ports.manifest.templates import (
    Lacking,
    Part,
    Template,
    Unfit,
    Value,
    kind_of,
    of_header,
    of_pairs,
    of_text,
    of_url,
)
from everyleg.ports.outbound.signing import SigningError, work

FACTS = frozenset({"country", "order_reference", "phone_tail", "postal_code"})
"""What a question may know of its parcel besides the number."""

_MEDIA = {"json": "application/json", "xml": "text/xml; charset=utf-8", "plain": "text/plain; charset=utf-8"}

MOMENTS: Mapping[str, Callable[[datetime], str]] = {
    "epoch_s": lambda now: str(int(now.timestamp())),
    "epoch_ms": lambda now: str(int(now.timestamp() * 1000)),
    "http_date": lambda now: http_date(now.astimezone(UTC), usegmt=True),
    "iso": lambda now: now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
}
"""Names for the time of the call, and how it is written."""

_CLIENT = {"client_id": "{client_id}", "client_secret": "{client_secret}"}

_WAYBILL = re.compile(r"(\d{3})-(\d{8})")
"""As IATA Resolution 600a has it written; so nobody's parcel is."""

C = TypeVar("C", bound=Call)

OF_WAYBILL = frozenset({"waybill", "airline", "serial"})
"""Names that only an air waybill fills in: all of it, its three digits in front, its eight behind."""

OF_NUMBER = OF_WAYBILL | {"number", "numbers", "parcel"}
"""Names for the number that is asked; `parcel` is one that is no air waybill."""

OWN = OF_NUMBER | {"uuid", "nonce", "body", "url", "path", "method", "basic"} | MOMENTS.keys()
"""Names that every request knows; `basic` are the Basic credentials of the settings `username` and `password`."""


class NotAskableError(Exception):
    """A request cannot be made; the text says what is missing, and no value."""


class Setting(Struct, frozen=True):
    """What a request is made for."""

    asks: Sequence[Ask]
    known: Mapping[str, str]
    """Settings of the account over those of the manifest, and what was learnt on the way: tokens, values taken."""
    now: datetime


class _Worked(Struct, frozen=True):
    """A compiled `Piece`."""

    piece: Piece
    text: Template
    key: Template | None


class Recipe:
    """One request as compiled templates."""

    def __init__(self, call: Call) -> None:
        """Take the templates apart."""
        self._call = call
        self._url = of_url(call.url)
        self._query = {name: of_text(text) for name, text in call.query.items()}
        self._headers = {name: of_header(text) for name, text in call.headers.items()}
        self._form = {name: of_text(text) for name, text in call.form.items()}
        self._body = _body_template(call)
        self._values = {name: _worked(one) for name, one in call.values.items()}
        around = kind_of(call.body) if call.body else None
        self._repeat = {name: (of_text(one.text, around), one.with_) for name, one in call.repeat.items()}

    @property
    def names(self) -> set[str]:
        """Every name that is filled in from outside: settings, facts, tokens, values taken."""
        return self._mentioned - self._values.keys() - self._repeat.keys() - OWN

    @property
    def _mentioned(self) -> set[str]:
        templates = [self._url, *self._query.values(), *self._headers.values(), *self._form.values()]
        templates += [self._body] if self._body else []
        templates += [one.text for one in self._values.values()]
        templates += [one.key for one in self._values.values() if one.key]
        templates += [text for text, _ in self._repeat.values()]
        return {name for template in templates for name in template.names}

    @property
    def about_numbers(self) -> bool:
        """Whether it names the numbers at all; a request that comes first need not."""
        return self.takes_several or bool(OF_NUMBER & self._mentioned)

    @property
    def takes_waybills(self) -> bool:
        """Whether it can ask for an air waybill with all that is inside."""
        return bool(OF_WAYBILL & self._mentioned)

    @property
    def takes_several(self) -> bool:
        """Whether one request can ask for several numbers."""
        return bool(self._repeat) or "numbers" in self._mentioned

    @property
    def facts(self) -> set[str]:
        """Facts that are said once for the whole request, so that parcels which differ in them go apart."""
        repeated = {name for text, _ in self._repeat.values() for name in text.names}
        return (self._mentioned & FACTS) - repeated

    def make(self, setting: Setting) -> Outgoing:
        """The request.

        Raises:
            NotAskableError: something that it needs is missing, or cannot stand where it should.
        """
        try:
            return _Making(self, setting).outgoing()
        except Lacking as lack:
            raise NotAskableError(f"needs {lack.name}") from lack
        except Unfit as unfit:
            raise NotAskableError(f"{unfit.name} holds characters that cannot be sent there") from unfit
        except SigningError as error:
            raise NotAskableError(f"the signature cannot be made: {error}") from error


class _Making:
    """One request on its way: values are made when they are first needed, and once."""

    def __init__(self, recipe: Recipe, setting: Setting) -> None:
        self._recipe, self._setting = recipe, setting
        self._made: dict[str, Value] = {}
        self._open: list[str] = []

    def outgoing(self) -> Outgoing:
        call = self._recipe._call
        url, body = self._text("url"), self._text("body")
        headers = self._filled(self._recipe._headers)
        if body and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = _media(call)
        return Outgoing(call.method, url, headers, body.encode())

    def look(self, name: str) -> Value | None:
        """The value of a name. One that needs itself is missing."""
        if name not in self._made:
            if name in self._open:
                return None
            self._open.append(name)
            value = self._make(name)
            self._open.pop()
            if value is None:
                return None
            self._made[name] = value
        return self._made[name]

    def _make(self, name: str) -> Value | None:
        recipe, setting = self._recipe, self._setting
        if name in recipe._values:
            return self._work(recipe._values[name])
        if name in recipe._repeat:
            return self._repeated(*recipe._repeat[name])
        if name in setting.known:
            return setting.known[name]
        if name in OWN:
            return self._own(name)
        return next((ask.facts[name] for ask in setting.asks if ask.facts.get(name)), None)

    def _own(self, name: str) -> Value | None:
        setting = self._setting
        if name in MOMENTS:
            return MOMENTS[name](setting.now)
        if name == "numbers":
            return [ask.number for ask in setting.asks]
        if name in OF_NUMBER:
            return _of_number(name, setting.asks[0].number) if setting.asks else None
        if name in ("uuid", "nonce"):
            return str(uuid4()) if name == "uuid" else secrets.token_hex(16)
        return self._of_request(name)

    def _of_request(self, name: str) -> str | None:
        recipe = self._recipe
        if name == "method":
            return recipe._call.method
        if name == "path":
            return "/" + self._text("url").partition("://")[2].partition("/")[2].partition("?")[0]
        if name == "basic":
            return basic_credentials(f"{self._must('username')}:{self._must('password')}")
        if name == "url":
            return self._address()
        if recipe._form:
            return "&".join(f"{_pair(field)}={_pair(text)}" for field, text in self._filled(recipe._form).items())
        return self._fill(recipe._body) if recipe._body else None

    def _address(self) -> str:
        url = with_base(self._fill(self._recipe._url) or "", self._setting.known)
        pairs = [f"{_pair(name)}={_pair(text)}" for name, text in self._filled(self._recipe._query).items()]
        return url + ("&" if "?" in url else "?") + "&".join(pairs) if pairs else url

    def _filled(self, templates: Mapping[str, Template]) -> dict[str, str]:
        filled = {name: self._fill(template) for name, template in templates.items()}
        return {name: text for name, text in filled.items() if text is not None}

    def _fill(self, template: Template) -> str | None:
        return template.fill(self.look, self._recipe._call.numbers_with)

    def _text(self, name: str) -> str:
        value = self.look(name)
        return value if isinstance(value, str) else ""

    def _must(self, name: str) -> str:
        value = self.look(name)
        if not isinstance(value, str):
            raise Lacking(name)
        return value

    def _work(self, worked: _Worked) -> str | None:
        piece = worked.piece
        if piece.now is not None:
            return format_datetime(self._setting.now, piece.now, tzinfo=ZoneInfo(piece.zone), locale="en")
        text = self._fill(worked.text)
        if text is None:
            return None
        return work(text, piece.by, self._fill(worked.key) or "" if worked.key else "", piece.key_is)

    def _repeated(self, template: Template, joined_with: str) -> Part:
        parts = []
        for ask in self._setting.asks:
            own = _Making(self._recipe, Setting((ask,), self._setting.known, self._setting.now))
            parts.append(own._fill(template) or "")
        return Part(joined_with.join(parts))


def _of_number(name: str, number: str) -> str | None:
    found = _WAYBILL.fullmatch(number)
    if name in ("airline", "serial"):
        return found[1 if name == "airline" else 2] if found else None
    given = {"number": True, "waybill": found is not None, "parcel": found is None}
    return number if given[name] else None


def with_base(url: str, known: Mapping[str, str]) -> str:
    """An address on the account's own server: its setting `base_url` stands for scheme and host of the manifest's.

    Manifests that say `{base_url}` themselves are left as they are.
    """
    base = known.get("base_url", "").rstrip("/")
    if not base or url.startswith(base):
        return url
    rest = url.partition("://")[2].partition("/")
    return f"{base}/{rest[2]}" if "://" in url else url


def basic_credentials(text: str) -> str:
    """`user:password` as the Basic scheme sends it (RFC 7617)."""
    return b64encode(text.encode()).decode()


def spelled_out(request: Request) -> tuple[Request, Token | None]:
    """A request with its `auth` written into headers, values and form, and the token that it needs.

    Basic credentials and a token that stands nowhere else go into `Authorization`; a token without form and body is
    asked for by client credentials (RFC 6749 §4.4).
    """
    auth = request.auth or Auth()
    if auth.basic is not None:
        request = _with_basic(request, auth.basic)
    token = Token(url=auth.oauth2) if auth.oauth2 is not None else auth.token
    if token is None:
        return request, None
    if token.name not in Recipe(request).names:
        headers = {**request.headers, "Authorization": f"Bearer {{{token.name}}}"}
        request = replace(request, headers=headers)
    if token.body is None and not token.form and not token.query:
        own = {} if token.basic is not None else _CLIENT
        token = replace(token, form={"grant_type": "client_credentials", **own})
    return request, _with_basic(token, token.basic) if token.basic is not None else token


def _with_basic(call: C, text: str) -> C:
    headers = {**call.headers, "Authorization": "Basic {basic}"}
    return replace(call, headers=headers, values={**call.values, "basic": Piece(text=text, by=["base64"])})


def _worked(said: str | Piece) -> _Worked:
    piece = Piece(text=said) if isinstance(said, str) else said
    return _Worked(piece, of_text(piece.text), of_text(piece.key, "plain") if piece.key is not None else None)


def _body_template(call: Call) -> Template | None:
    if call.body is None:
        return None
    template = of_text(call.body)
    media = next((text for name, text in call.headers.items() if name.lower() == "content-type"), "")
    return of_pairs(call.body) if "x-www-form-urlencoded" in media else template


def _media(call: Call) -> str:
    if call.form:
        return "application/x-www-form-urlencoded"
    return _MEDIA[kind_of(call.body or "")]


def _pair(text: str) -> str:
    return quote(text, safe=",")
