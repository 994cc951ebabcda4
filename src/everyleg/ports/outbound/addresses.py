"""Which addresses may be connected to: those of the public internet, and networks that the operator allows."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""From a host name and a port to addresses; raises OSError when there are none."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_V6 = ipaddress.ip_network("2000::/3")
"""All that is given out of IPv6 (RFC 4291 §2.4, IANA); what lies beside has a use of its own."""
_SPECIAL = [
    ipaddress.ip_network(one)
    for one in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2001::/23", "2001:db8::/32", "3fff::/20")
]
"""Special in IANA's registries, though not in every version of `ipaddress`; and Azure's door to its own machines."""
_RESOLVING = ThreadPoolExecutor(max_workers=32, thread_name_prefix="resolves")
"""Threads of our own: a name server that hangs must not keep the threads that others wait for."""


class RefusedAddress(OSError):  # noqa: N818 - it names what is wrong
    """An address that may not be connected to."""


def parse_networks(text: str) -> list[Network]:
    """Networks out of a setting: `10.0.0.0/8, ::1`.

    Raises:
        ValueError: says which of them is none.
    """
    return [ipaddress.ip_network(one.strip(), strict=False) for one in text.split(",") if one.strip()]


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet: not private, loopback, link-local (where clouds keep their
    metadata), shared, reserved, documentation, multicast; nor a v6 form of such a v4 address.
    """
    inner = embedded(address)
    if inner is not None:
        return is_public(inner)
    if address.version == 6 and address not in _GLOBAL_V6:
        return False
    special = address.is_multicast or address.is_reserved or any(address in one for one in _SPECIAL)
    return address.is_global and not special


def embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The v4 address inside a v6 one: mapped, 6to4, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether we may connect: it is public, or in a network that the operator allows."""
    inner = embedded(address)
    return is_public(address) or any(address in network or (inner and inner in network) for network in allowed)


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class SystemNames:
    """The addresses of hosts by the system's resolver; used within one event loop.

    Whoever asks for a name that is being looked up waits for that: so one that hangs holds one thread, however many ask
    for it.
    """

    def __init__(self, look_up: Callable[[str, int], list[str]] = _look_up) -> None:
        """`look_up`: blocks until it has the addresses; raises OSError when there are none."""
        self._look_up = look_up
        self._under_way: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> list[str]:
        """As `Resolve`.

        Raises:
            OSError: there are none.
        """
        place = (host, port)
        looking = self._under_way.get(place)
        if looking is None:
            loop = asyncio.get_running_loop()
            looking = self._under_way[place] = loop.run_in_executor(_RESOLVING, self._look_up, host, port)
            looking.add_done_callback(lambda done: self._end(place, done))
        return await asyncio.shield(looking)

    def _end(self, place: tuple[str, int], done: asyncio.Future[list[str]]) -> None:
        del self._under_way[place]
        if not done.cancelled():
            done.exception()  # seen, also where nobody waits any more


async def allowed_addresses(host: str, port: int, allowed: Sequence[Network], names: Resolve) -> list[str]:
    """The addresses of a host, every one of which may be connected to.

    Raises:
        RefusedAddress: one of them may not be: a name that leads partly inside is not trusted with the rest.
        OSError: the name has no address.
    """
    found = await names(host, port)
    for text in found:
        if not is_allowed(ipaddress.ip_address(text), allowed):
            raise RefusedAddress(f"{host} leads to {text}, which is not a public address")
    return found
