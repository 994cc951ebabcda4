"""Bodies of answers, unpacked by ourselves so that a small one cannot become a huge one."""

import zlib
from collections.abc import AsyncIterator

CODINGS = "gzip, deflate"
"""What we say that we understand."""

_WINDOW = 32 + zlib.MAX_WBITS
"""Either header, gzip's or zlib's."""
_GZIP = b"\x1f\x8b"
_PIECES = 100
"""A gzip body may be of several pieces (RFC 1952 §2.2); nobody means more."""


class TooLarge(Exception):  # noqa: N818 - it names what is wrong
    """A body is larger than allowed, on the way or unpacked."""


class Garbled(Exception):  # noqa: N818 - it names what is wrong
    """A body is packed in a way that we do not understand, or damaged."""


async def read_body(parts: AsyncIterator[bytes], coding: str, most: int) -> bytes:
    """The whole body, unpacked.

    Args:
        parts: as they come over the wire.
        coding: the Content-Encoding.
        most: bytes that it may have, packed and unpacked.

    Raises:
        TooLarge: it has more.
        Garbled: it cannot be unpacked.
    """
    coding = coding.strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise Garbled(f"the answer is packed as {coding}, which nobody asked for")
    packed = bytearray()
    async for part in parts:
        packed += part
        if len(packed) > most:
            raise TooLarge
    return bytes(packed) if coding in ("", "identity") or not packed else unpack(bytes(packed), most)


def unpack(packed: bytes, most: int) -> bytes:
    """A gzip or deflate body of at most `most` bytes, unpacked; deflate also without a header, as some servers send it.

    Raises:
        TooLarge: it has more.
        Garbled: it is damaged.
    """
    try:
        return _inflate(packed, _WINDOW, most)
    except zlib.error:
        try:
            return _inflate(packed, -zlib.MAX_WBITS, most)
        except zlib.error as error:
            raise Garbled("the answer cannot be unpacked") from error


def _inflate(packed: bytes, window: int, most: int) -> bytes:
    body = b""
    for _ in range(_PIECES):
        stream = zlib.decompressobj(window)
        body += stream.decompress(packed, most + 1 - len(body))
        if len(body) > most:
            raise TooLarge
        if not stream.eof:
            raise Garbled("the answer ends before it is whole")
        packed = stream.unused_data
        if not packed.startswith(_GZIP):
            return body
    raise Garbled("the answer is packed in more pieces than anybody means")
