"""Tokens of accounts: fetched once, kept for as long as they live, fetched by one while others wait or use the last.

Carriers limit how often one may log in, and some take a token back when they give the next: so one is for all processes
(`Tokens`, which the store implements), and the next is fetched ahead of its end.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol
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
_AHEAD = timedelta(minutes=5)
"""So long before that the next one is fetched; of a short life a tenth."""
_LONGEST = timedelta(days=30)
"""No token is believed to live longer."""
_LARGEST = 16_384
"""Characters; what is longer is no token, and fits into no header."""

FETCH_S = 60.0
"""A fetch that nobody ended in this time is somebody else's: whoever began it died."""
_LOOK_S = 0.1
_PATIENCE_S = 2 * FETCH_S
"""How long one waits for the token that others fetch."""


class NoTokenError(Exception):
    """No token was given; `answer` says why, as the answer to the question that needed it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.error)
        self.answer = answer


class Kept(Struct, frozen=True):
    """A token."""

    text: str
    renew_at: datetime
    """From then on the next one is fetched."""
    ends_at: datetime
    """From then on it is not used."""

    def __repr__(self) -> str:
        return f"Kept(ends_at={self.ends_at})"


class Found(Struct, frozen=True):
    """What is kept for an account."""

    kept: Kept | None
    """A token that may be used."""
    fetch: datetime | None = None
    """Whoever finds this has to fetch the next one, and nobody else does before this time: it names the fetch."""


class Tokens(Protocol):
    """Where tokens are kept; one for each account and its settings. Every step is durable when it returns."""

    async def find(self, account: Account, login: Mapping[str, str], now: datetime) -> Found:
        """The token that these settings gave, and whether to fetch the next one."""
        ...

    async def keep(self, account: Account, login: Mapping[str, str], fetch: datetime, kept: Kept | None) -> None:
        """End a fetch; None: it gave no token. One that took too long, or whose settings changed, is not kept."""
        ...

    async def drop(self, account: Account, text: str) -> None:
        """Forget a token that was refused, unless another has come meanwhile."""
        ...


class OwnTokens:
    """`Tokens` of one process, in memory: for whoever has no store."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], tuple[int, Kept]] = {}
        self._fetching = set[tuple[int, int]]()

    async def find(self, account: Account, login: Mapping[str, str], now: datetime) -> Found:
        """As `Tokens`."""
        there = self._kept.get(_place(account))
        kept = there[1] if there is not None and there[0] == _digest(login) and now < there[1].ends_at else None
        if _place(account) in self._fetching or (kept is not None and now < kept.renew_at):
            return Found(kept)
        self._fetching.add(_place(account))
        return Found(kept, now)

    async def keep(self, account: Account, login: Mapping[str, str], fetch: datetime, kept: Kept | None) -> None:
        """As `Tokens`."""
        self._fetching.discard(_place(account))
        if kept is not None:
            self._kept[_place(account)] = (_digest(login), kept)

    async def drop(self, account: Account, text: str) -> None:
        """As `Tokens`."""
        there = self._kept.get(_place(account))
        if there is not None and there[1].text == text:
            del self._kept[_place(account)]


class Got(Struct, frozen=True):
    """A token to ask with."""

    text: str
    fresh: bool
    """Fetched for this very question: if it is refused, another would be too."""

    def __repr__(self) -> str:
        return f"Got(fresh={self.fresh})"


class TokenKeeper:
    """The tokens of one interface, account by account."""

    def __init__(self, token: Token, now: Callable[[], datetime], tokens: Tokens) -> None:
        """`token`: with its form and credentials spelled out."""
        self.name = token.name
        self._token, self._recipe, self._now, self._tokens = token, Recipe(token), now, tokens
        self._failed: dict[tuple[int, int], tuple[float, NoTokenError]] = {}
        """When a login failed last, and how: whoever waited for it does not try it again."""

    async def get(self, outbound: Outbound, account: Account, known: Mapping[str, str]) -> Got:
        """The account's token, fetched if there is none that still lives and nobody else is fetching one.

        Raises:
            NoTokenError: it was refused, or did not come.
            NotNowError: nothing may leave now.
        """
        started = time.monotonic()
        while time.monotonic() < started + _PATIENCE_S:
            found = await self._tokens.find(account, known, self._now())
            failed = self._failed.get(_place(account))
            if failed is not None and failed[0] > started:
                if found.fetch is not None:
                    await self._tokens.keep(account, known, found.fetch, None)
                raise NoTokenError(failed[1].answer)
            if found.fetch is not None:
                return await self._next(outbound, account, known, found)
            if found.kept is not None:
                return Got(found.kept.text, fresh=False)
            await asyncio.sleep(_LOOK_S)
        raise NoTokenError(Answer(error="logging in: others were at it, and no token came"))

    async def drop(self, account: Account, text: str) -> None:
        """Forget a token that was refused."""
        await self._tokens.drop(account, text)

    async def _next(self, outbound: Outbound, account: Account, known: Mapping[str, str], found: Found) -> Got:
        """Fetch the next token. Where that fails, one that still lives does, and the fetch is left to end by itself:
        so it is tried again after a while only.
        """
        fetch, kept = found.fetch, None
        assert fetch is not None  # noqa: S101 (seen by the caller)
        try:
            kept = await self._fetch(outbound, account, known)
        except Exception as error:
            if found.kept is not None:
                fetch = None
                return Got(found.kept.text, fresh=False)
            if isinstance(error, NoTokenError):
                self._failed[_place(account)] = (time.monotonic(), error)
            raise
        finally:
            if fetch is not None:
                await self._tokens.keep(account, known, fetch, kept)
        return Got(kept.text, fresh=True)

    async def _fetch(self, outbound: Outbound, account: Account, known: Mapping[str, str]) -> Kept:
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

    def _read(self, answer: Answer) -> Kept:
        try:
            _, tree = parse(answer.body)
        except Unreadable as error:
            raise NoTokenError(Answer(error="logging in gave no token that reads", error_kind="unreadable")) from error
        text = picker(self._token.at)(tree, tree, tree)
        if text is None or len(text) > _LARGEST or answer.status >= 400:
            words = "logging in gave no token: the account is refused"
            raise NoTokenError(Answer(status=max(400, answer.status), error=words, error_kind="refused"))
        now, life = self._now(), self._life(picker(self._token.expires_in)(tree, tree, tree) or "")
        used = max(life - _MARGIN, life / 2)
        return Kept(text, now + used - min(_AHEAD, used / 10), now + used)

    def _life(self, said: str) -> timedelta:
        """How long a token lives; one that is said to live for no time at all is one of which that is not known."""
        told = timedelta(0)
        if said.isascii() and said.replace(".", "", 1).isdigit():
            told = _LONGEST if len(said) > 12 else timedelta(seconds=float(said))
        return min(told or timedelta(seconds=self._token.lives_s), _LONGEST)


def same_server(one: str, other: str) -> bool:
    """Whether two addresses are on one server."""
    a, b = urlsplit(one), urlsplit(other)
    return (a.scheme, a.netloc) == (b.scheme, b.netloc)


def _place(account: Account) -> tuple[int, int]:
    return account.workspace, account.account_id


def _digest(login: Mapping[str, str]) -> int:
    return hash(tuple(sorted(login.items())))
