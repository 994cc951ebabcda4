"""Tokens of accounts: fetched once, kept for as long as they live, fetched by one while others wait.

They are kept in memory only; after a restart each account logs in anew.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from everyleg.ports.answer import Answer, transport_fault
from everyleg.ports.asking import Account, Outbound
from everyleg.ports.manifest.paths import picker
from everyleg.ports.manifest.request import NotAskableError, Recipe, Setting
from everyleg.ports.manifest.schema import Token
from everyleg.ports.manifest.tree import Unreadable, parse

_MARGIN = timedelta(seconds=60)
"""Before its end a token is not used any more: the call has to arrive with it."""


class NoTokenError(Exception):
    """No token was given; `answer` says why, as the answer to the question that needed it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.error)
        self.answer = answer


class _Kept(Struct, frozen=True):
    text: str
    until: datetime


class TokenKeeper:
    """The tokens of one interface, account by account."""

    def __init__(self, token: Token, now: Callable[[], datetime]) -> None:
        """`token`: with its form and credentials spelled out."""
        self.name = token.name
        self._token, self._recipe, self._now = token, Recipe(token), now
        self._kept: dict[tuple[int, int], tuple[int, _Kept]] = {}
        self._locks: dict[tuple[int, int], asyncio.Lock] = {}

    async def get(self, outbound: Outbound, account: Account, known: Mapping[str, str]) -> str:
        """The account's token, fetched if there is none that still lives.

        Raises:
            NoTokenError: it was refused, or did not come.
        """
        place, login = (account.workspace, account.account_id), hash(tuple(sorted(known.items())))
        async with self._locks.setdefault(place, asyncio.Lock()):
            there = self._kept.get(place)
            if there is not None and there[0] == login and self._now() < there[1].until:
                return there[1].text
            kept = await self._fetch(outbound, account, known)
            self._kept[place] = (login, kept)
            return kept.text

    def forget(self, account: Account, text: str) -> None:
        """Drop a token that was refused, unless another has come meanwhile."""
        place = (account.workspace, account.account_id)
        there = self._kept.get(place)
        if there is not None and there[1].text == text:
            del self._kept[place]

    async def _fetch(self, outbound: Outbound, account: Account, known: Mapping[str, str]) -> _Kept:
        try:
            request = self._recipe.make(Setting((), known, self._now()))
        except NotAskableError as error:
            raise NoTokenError(Answer(error=f"logging in {error}", error_kind="refused")) from error
        answer = await outbound.send(replace(request, url=known.get("token_url", request.url)), account)
        if (fault := transport_fault(answer)) is not None:
            if answer.error is not None:
                raise NoTokenError(answer)
            words = f"logging in: {fault.detail}"
            raise NoTokenError(Answer(status=answer.status, headers=answer.headers, error=words, error_kind=fault.kind))
        return self._read(answer)

    def _read(self, answer: Answer) -> _Kept:
        try:
            _, tree = parse(answer.body)
        except Unreadable as error:
            raise NoTokenError(Answer(error="logging in gave no token that reads", error_kind="unreadable")) from error
        text = picker(self._token.at)(tree, tree, tree)
        if text is None or answer.status >= 400:
            words = "logging in gave no token: the account is refused"
            raise NoTokenError(Answer(status=max(400, answer.status), error=words, error_kind="refused"))
        lives = picker(self._token.expires_in)(tree, tree, tree) or ""
        seconds = float(lives) if lives.replace(".", "", 1).isdigit() else self._token.lives_s
        life = timedelta(seconds=seconds)
        return _Kept(text, self._now() + max(life - _MARGIN, life / 2))


def same_server(one: str, other: str) -> bool:
    """Whether two addresses are on one server."""
    a, b = urlsplit(one), urlsplit(other)
    return (a.scheme, a.netloc) == (b.scheme, b.netloc)
