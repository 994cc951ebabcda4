"""Connections whose address was checked at the moment of connecting, so that a name cannot change in between."""

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from typing import Any, cast

import httpcore
import httpx
from httpcore import AsyncNetworkBackend, AsyncNetworkStream

from everyleg.ports.outbound.addresses import Network, RefusedAddress, Resolve, allowed_addresses

_TRIED = 3
"""Addresses of one name that are tried in turn."""
_CONNECTIONS, _IDLING, _IDLE_S = 2000, 100, 30.0
"""So many that nobody waits for another's: how many are asked at once is decided by whoever asks."""


class CheckedBackend(AsyncNetworkBackend):
    """Resolves names itself and connects to the very address that it checked."""

    def __init__(self, allowed: Sequence[Network], names: Resolve) -> None:
        """`allowed`: networks that may be connected to besides the public ones."""
        self._allowed, self._names = allowed, names
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """A connection to one of the host's addresses.

        Raises:
            RefusedAddress: it leads where we may not go.
            httpcore.ConnectError: nobody answers there.
        """
        try:
            addresses = await allowed_addresses(host, port, self._allowed, self._names)
        except RefusedAddress:
            raise
        except OSError as error:
            raise httpcore.ConnectError(f"{host} has no address") from error
        return await self._first(addresses[:_TRIED], port, timeout, local_address, socket_options)

    async def _first(self, addresses: Sequence[str], port: int, *how: Any) -> AsyncNetworkStream:
        for address in addresses[:-1]:
            try:
                return await self._inner.connect_tcp(address, port, *how)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(addresses[-1], port, *how)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._inner.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in cast("AsyncIterable[bytes]", self._answer.stream):  # a pool for asyncio gives no other
            yield part
        if _says_more(self._answer):
            await self._answer.extensions["network_stream"].aclose()

    async def aclose(self) -> None:
        await self._answer.aclose()


def _says_more(answer: httpcore.Response) -> bool:
    """Whether the server said more than its answer: the next one on that connection would be read out of it.

    httpcore does not tell; where it cannot be found out, it is as if it did.
    """
    inner: Any = answer.stream
    for name in ("_stream", "_connection", "_h11_state"):
        inner = getattr(inner, name, None)
    return inner is None or bool(inner.trailing_data[0])


class CheckedTransport(httpx.AsyncBaseTransport):
    """httpx's way to a pool of checked connections, direct or by a proxy."""

    def __init__(self, trust: ssl.SSLContext, allowed: Sequence[Network], names: Resolve, proxy: str | None) -> None:
        """Connect to nobody yet.

        Args:
            trust: whose certificates are believed.
            allowed: networks that may be connected to besides the public ones.
            names: how host names are resolved.
            proxy: `http://user:password@host:port`; it resolves the names of what it is asked for itself.

        Raises:
            ValueError, httpx.InvalidURL: the proxy is none.
        """
        self.users = 0
        """Requests under way."""
        known: dict[str, Any] = {
            "ssl_context": trust,
            "max_connections": _CONNECTIONS,
            "max_keepalive_connections": _IDLING,
            "keepalive_expiry": _IDLE_S,
            "network_backend": CheckedBackend(allowed, names),
        }
        if proxy is None:
            self._pool = httpcore.AsyncConnectionPool(**known)
        else:
            way = httpx.URL(proxy)
            if way.scheme not in ("http", "https") or not way.host:
                raise ValueError("a proxy is an address of http or https")
            who = (way.username, way.password) if way.username else None
            self._pool = httpcore.AsyncHTTPProxy(str(way.copy_with(userinfo=b"")), proxy_auth=who, **known)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it; errors are those of `httpcore`."""
        url = request.url
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()
