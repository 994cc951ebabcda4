"""What a carrier's system holds of a parcel at a moment, and what its server sends back."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from lxml import etree
from msgspec import Struct

Clock = Literal["offset", "wall", "day"]
"""How a time can be printed: with its offset; as a wall clock of which nobody says where it hangs; as a day alone."""

JSON, XML, SOAP = "application/json", "application/xml", "text/xml; charset=utf-8"


class Scan(Struct, frozen=True):
    """What happened, as the carrier's own system knows it."""

    at: datetime
    """Aware. Where the clock is `wall` or `day` its offset means nothing and is not printed."""
    code: str
    text: str
    city: str
    region: str
    country: str
    """ISO 3166-1 alpha-2."""
    postal_code: str
    site: str
    """The carrier's code of the facility."""
    category: str = ""
    """The coarser word beside the code, for carriers that print one."""
    clock: Clock = "offset"


class NextCarrier(Struct, frozen=True):
    """Whoever takes over, as a forwarder's answer names him."""

    carrier: str
    name: str
    number: str


class Shown(Struct, frozen=True):
    """All that a carrier shows of a number at a moment."""

    number: str
    scans: Sequence[Scan] = ()
    """Oldest first; empty for a number that the carrier does not know (yet)."""
    origin: str = ""
    destination: str = ""
    next: NextCarrier | None = None
    estimate: datetime | None = None

    @property
    def ends(self) -> tuple[str, str]:
        """Countries of origin and destination; where nobody says, those of the first and the last scan."""
        return (
            self.origin or (self.scans[0].country if self.scans else ""),
            self.destination or (self.scans[-1].country if self.scans else ""),
        )


class Reply(Struct, frozen=True):
    """An HTTP answer."""

    body: bytes
    status: int = 200
    media: str = JSON
    headers: dict[str, str] = {}


class Shape(Struct, frozen=True):
    """One carrier's answers."""

    slug: str
    media: str
    found: Callable[[Sequence[Shown]], bytes]
    """The answer of which at least one number is known; the unknown ones stand in it in the carrier's way."""
    nothing: Callable[[Sequence[str]], Reply]
    """The answer when it knows none of the numbers."""
    limited: Reply
    """Asked too often."""
    refused: Reply
    """The account is not let in, or no longer."""

    def answer(self, shown: Sequence[Shown]) -> Reply:
        """What it says of some numbers."""
        if any(one.scans for one in shown):
            return Reply(self.found(shown), 200, self.media)
        return self.nothing([one.number for one in shown])


def as_json(value: Any) -> bytes:
    """A JSON document."""
    return msgspec.json.encode(value)


def offset_of(at: datetime, colon: str = ":") -> str:
    """The offset of a time as `+08:00`."""
    minutes = int((at.utcoffset() or timedelta()).total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{colon}{abs(minutes) % 60:02}"


def iso(scan: Scan, colon: str = ":") -> str:
    """The time of a scan in ISO 8601: with its offset, without one, or the day."""
    if scan.clock == "day":
        return f"{scan.at:%Y-%m-%d}"
    return f"{scan.at:%Y-%m-%dT%H:%M:%S}" + (offset_of(scan.at, colon) if scan.clock == "offset" else "")


def newest_first(shown: Shown) -> list[Scan]:
    """The scans as most carriers list them."""
    return list(reversed(shown.scans))


def add(parent: Any, name: str, text: str | None = None) -> Any:
    """A child element."""
    child = etree.SubElement(parent, name)
    child.text = text
    return child


def fill(parent: Any, **fields: str) -> None:
    """Children with texts; `_` in a name stands for `-`."""
    for name, text in fields.items():
        add(parent, name.replace("_", "-"), text)


def as_xml(root: Any) -> bytes:
    """An XML document."""
    etree.indent(root)
    body: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return body
