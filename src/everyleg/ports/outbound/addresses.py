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
    return address.is_global and not address.is_multicast and not address.is_reserved


def embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The v4 address inside a v6 one: mapped, 6to4, Teredo's client, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether we may connect: it is public, or in a network that the operator allows."""
    inner = embedded(address)
    return is_public(address) or any(address in network or (inner and inner in network) for network in allowed)


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host by the system's resolver.

    Raises:
        OSError: there are none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(
        _RESOLVING, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    )
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def allowed_addresses(host: str, port: int, allowed: Sequence[Network], names: Resolve = resolve) -> list[str]:
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
