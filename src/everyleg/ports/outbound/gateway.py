"""The one way out: every request to somebody else's server goes through here.

Only http and https; addresses are checked after resolution and at every redirect; size and time are limited; an account
may have a proxy. Nothing raises but what lets requests go (`Outgoing.leave`): what goes wrong is an `Answer` that says
so, without a secret in it.
"""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx
from msgspec import Struct
from msgspec.structs import replace

from everyleg.core.model import FailedKind
from everyleg.ports.answer import Answer
from everyleg.ports.asking import Account, Leave, Outgoing
from everyleg.ports.outbound.addresses import Network, RefusedAddress, Resolve, SystemNames, allowed_addresses
from everyleg.ports.outbound.bodies import CODINGS, Garbled, TooLarge, read_body
from everyleg.ports.outbound.transport import CheckedTransport

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HARMLESS = frozenset({"accept", "accept-language", "user-agent"})
"""Headers that a redirect to another server may take along: no other is known to be without a secret."""
_PROXIES = 64
"""Proxies whose connections are kept."""


class Bounds(Struct, frozen=True):
    """What a request may cost."""

    total_s: float = 25.0
    """From the first byte of the look-up to the last byte of the answer, redirects included."""
    connect_s: float = 6.0
    body_bytes: int = 8 * 1024 * 1024
    """Of an answer, packed and unpacked."""
    redirects: int = 3


class _Failed(Exception):  # noqa: N818 - inside this module
    def __init__(self, kind: FailedKind, words: str) -> None:
        super().__init__(words)
        self.answer = Answer(error=words, error_kind=kind)


class Gateway:
    """An `Outbound` over httpx; a context manager, used within one event loop."""

    def __init__(
        self, allowed: Sequence[Network] = (), bounds: Bounds | None = None, names: Resolve | None = None
    ) -> None:
        """Connect to nobody yet.

        Args:
            allowed: networks that may be connected to besides the public ones.
            bounds: what a request may cost.
            names: how host names are resolved; None: by the system.
        """
        self._allowed, self._bounds, self._names = list(allowed), bounds or Bounds(), names or SystemNames()
        self._trust = ssl.create_default_context()
        self._ways = OrderedDict[str | None, CheckedTransport]()
        self._headers = {"User-Agent": f"Everyleg/{version('everyleg')}", "Accept-Encoding": CODINGS}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for way in list(self._ways.values()):
            await way.aclose()
        self._ways.clear()

    async def send(self, request: Outgoing, account: Account) -> Answer:
        """Send a request by the account's proxy and give the answer, or why there is none."""
        bounds = self._bounds
        try:
            async with asyncio.timeout(bounds.total_s):
                return await self._follow(request, account.proxy)
        except _Failed as failed:
            return failed.answer
        except TimeoutError:
            return Answer(error=f"no whole answer within {bounds.total_s:g} s")
        except RefusedAddress as error:
            words = f"{error}; EVERYLEG_ALLOW_PRIVATE names networks that may be asked"
            return Answer(error=words, error_kind="refused")
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.ProxyError) as error:
            return Answer(error=_words(error))
        except (httpx.InvalidURL, httpx.HTTPError, ValueError, OSError) as error:
            return Answer(error=f"the request could not be sent ({type(error).__name__})", error_kind="refused")

    async def _follow(self, request: Outgoing, proxy: str | None) -> Answer:
        url = _address(request.url)
        way = self._way(proxy)
        way.users += 1
        try:
            if proxy is not None:
                await self._check(url)
            answer = await self._once(way, request, url)
            for _ in range(self._bounds.redirects):
                if not _leads_on(answer):
                    return answer
                try:
                    url, request = _redirected(request, url, answer)
                    if proxy is not None:
                        await self._check(url)
                    answer = await self._once(way, request, url)
                except RefusedAddress as error:
                    raise _Failed("unreachable", f"a redirect is not followed: {error}") from error
            if _leads_on(answer):
                raise _Failed("unreachable", f"more than {self._bounds.redirects} redirects")
            return answer
        finally:
            way.users -= 1
            await self._leave_proxies()

    async def _check(self, url: httpx.URL) -> None:
        """A proxy connects for us: what we know of the name is all that can be checked."""
        try:
            await allowed_addresses(url.host, url.port or 443, self._allowed, self._names)
        except RefusedAddress:
            raise
        except OSError:
            return

    async def _once(self, way: CheckedTransport, request: Outgoing, url: httpx.URL) -> Answer:
        headers = httpx.Headers(self._headers)
        headers.update(request.headers)
        how: dict[str, Any] = {"timeout": httpx.Timeout(self._bounds.total_s, connect=self._bounds.connect_s).as_dict()}
        if request.leave is not None:
            how["trace"] = _asking(request.leave)
        made = httpx.Request(request.method, url, headers=headers, content=request.body or None, extensions=how)
        response = await way.handle_async_request(made)
        told = {name.lower(): value for name, value in response.headers.items()}
        try:
            coding = told.get("content-encoding", "")
            body = await read_body(response.aiter_raw(), coding, self._bounds.body_bytes)
        except TooLarge as error:
            raise _Failed("unreadable", f"the answer is larger than {self._bounds.body_bytes:,} bytes") from error
        except Garbled as error:
            raise _Failed("unreadable", str(error)) from error
        finally:
            await response.aclose()
        return Answer(body, response.status_code, told)

    def _way(self, proxy: str | None) -> CheckedTransport:
        way = self._ways.get(proxy)
        if way is None:
            try:
                way = self._ways[proxy] = CheckedTransport(self._trust, self._allowed, self._names, proxy)
            except (httpx.InvalidURL, ValueError) as error:
                raise _Failed("refused", "the account's proxy is no address of http or https") from error
        self._ways.move_to_end(proxy)
        return way

    async def _leave_proxies(self) -> None:
        """Close the connections of proxies that were not used for longest, as far as nobody uses them."""
        idle = [proxy for proxy, way in self._ways.items() if proxy is not None and not way.users]
        for proxy in idle[: max(0, len(self._ways) - _PROXIES)]:
            await self._ways.pop(proxy).aclose()


def _asking(leave: Leave) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
    """Hears of each step of a request from httpcore; before the first it may be kept back. A proxy is asked anyhow."""

    async def trace(event: str, info: Mapping[str, Any]) -> None:
        if event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            await leave()

    return trace


def _address(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise _Failed("refused", "the address to be asked is none") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise _Failed("refused", f"only http and https are asked, not {url.scheme or 'an address without a scheme'}")
    if url.userinfo:
        raise _Failed("refused", "an address with a login in it is not asked")
    return url


def _leads_on(answer: Answer) -> bool:
    return answer.status in _REDIRECTS and "location" in answer.headers


def _redirected(request: Outgoing, url: httpx.URL, answer: Answer) -> tuple[httpx.URL, Outgoing]:
    """Where a redirect leads, and what is asked there: another server gets no secret, and no body.

    One that is not followed is a failure of the server that sent it, as nothing of ours was wrong.
    """
    try:
        there = _address(str(url.join(answer.headers["location"])))
    except (httpx.InvalidURL, ValueError, _Failed) as error:
        raise _Failed("unreachable", "a redirect leads to no address that is asked") from error
    if url.scheme == "https" and there.scheme == "http":
        raise _Failed("unreachable", "a redirect leads from https to http")
    keeps = answer.status in (307, 308) or request.method == "GET"
    if (there.scheme, there.host, there.port) != (url.scheme, url.host, url.port):
        if request.body and keeps:
            raise _Failed("unreachable", f"a redirect would take the request to another server ({there.host})")
        headers = {name: text for name, text in request.headers.items() if name.lower() in _HARMLESS}
        request = replace(request, headers=headers)
    if keeps:
        return there, request
    headers = {name: text for name, text in request.headers.items() if name.lower() != "content-type"}
    return there, replace(request, method="GET", body=b"", headers=headers)


def _words(error: Exception) -> str:
    if isinstance(error, httpcore.ConnectTimeout):
        return "nobody answered the connection in time"
    if isinstance(error, httpcore.TimeoutException):
        return "the server went silent"
    if isinstance(error, httpcore.ProxyError):
        return "the account's proxy refused"
    if isinstance(error, httpcore.ProtocolError):
        return "the server did not speak HTTP to the end"
    if isinstance(error.__cause__ or error.__context__, ssl.SSLError):
        return "the server's certificate is not one to trust, or TLS failed otherwise"
    return "no connection" if isinstance(error, httpcore.ConnectError) else "the connection broke"
