"""What a list of parcels is narrowed to: read from the address, written back into it."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct, structs

from everyleg.core.vocabulary import MILESTONES, STAGES
from everyleg.numbers.normalize import normalize

GROUPS: dict[str, tuple[str, ...]] = {
    "pending": ("pending",),
    "info_received": ("info_received",),
    "in_transit": ("picked_up", "export", "line_haul", "import", "in_transit", "last_mile"),
    "out_for_delivery": ("out_for_delivery",),
    "available_for_pickup": ("available_for_pickup",),
    "delivery_failed": ("delivery_failed",),
    "delivered": ("delivered",),
    "returned": ("returning", "returned"),
}
"""The tabs: a word that sellers know → the milestones under it."""

ATTENTION = "attention"
"""The tab of everything that has a problem standing."""

_SPLIT = re.compile(r"[\s,;，；、|]+")
MOST_NUMBERS = 500
"""As many pasted numbers are searched for at once."""


class Cursor(Struct, frozen=True):
    """The last row of a page: the next one begins behind it."""

    at: str
    """The moment of its latest news in ISO 8601, or `infinity` while it has none."""
    parcel_id: int

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.at} {self.parcel_id}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor | None:
    """The cursor that a link named; None when it is none of ours."""
    try:
        at, _, parcel_id = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(" ")
        if at != "infinity":
            datetime.fromisoformat(at)
        return Cursor(at, int(parcel_id))
    except (ValueError, binascii.Error):
        return None


def spellings(term: str) -> list[str]:
    """A term as typed, in capitals, and as carriers write it."""
    return [text for text in dict.fromkeys((term, term.upper(), normalize(term).text)) if text]


class Filters(Struct, frozen=True):
    """What the list is narrowed to; nothing: all that are not archived."""

    q: str = ""
    at: str = ""
    """A tab (`GROUPS`), `attention`, or a milestone."""
    stage: str = ""
    shop: int | None = None
    channel: int | None = None
    country: str = ""
    tag: int | None = None
    quiet: int | None = None
    """Days without news, at least."""
    sort: str = "recent"
    after: str = ""

    @property
    def milestones(self) -> tuple[str, ...]:
        """The milestones that the tab stands for; none: all."""
        return GROUPS.get(self.at, (self.at,) if self.at in MILESTONES else ())

    @property
    def terms(self) -> list[str]:
        """What is searched for, each number as carriers write it."""
        return list(dict.fromkeys(term for term in _SPLIT.split(self.q.strip()) if term))[:MOST_NUMBERS]

    @property
    def spellings(self) -> list[str]:
        """The terms as typed and as normalised."""
        return list(dict.fromkeys(spelling for term in self.terms for spelling in spellings(term)))

    @property
    def refined(self) -> bool:
        """Whether counting has to go through more than it counts."""
        named = (self.stage, self.shop, self.channel, self.country, self.tag, self.quiet)
        return any(value not in (None, "") for value in named) or self.sort == "quiet"

    @property
    def narrowed(self) -> bool:
        """Whether anything but the order was chosen."""
        return self.q != "" or self.at != "" or self.refined

    def silent_since(self, now: datetime) -> datetime | None:
        """The latest that a parcel's news may be from."""
        return None if self.quiet is None else now - timedelta(days=self.quiet)

    def link(self, **changes: Any) -> str:
        """The address of the list with some of it changed; it begins at the first page unless told."""
        changed = structs.replace(self, **{"after": "", **changes})
        fields = {f: getattr(changed, f) for f in changed.__struct_fields__}
        query = {f: v for f, v in fields.items() if v not in (None, "") and not (f == "sort" and v == "recent")}
        return "/parcels" + (f"?{urlencode(query)}" if query else "")


def read_filters(query: Mapping[str, str]) -> Filters:
    """The filters of an address; what makes no sense is left out, never an error."""
    at, stage, country = query.get("at", ""), query.get("stage", ""), query.get("country", "").upper()
    return Filters(
        q=query.get("q", "")[:20_000].replace("\x00", ""),
        at=at if at in GROUPS or at in MILESTONES or at == ATTENTION else "",
        stage=stage if stage in STAGES else "",
        shop=_whole(query.get("shop")),
        channel=_whole(query.get("channel")),
        country=country if re.fullmatch("[A-Z]{2}", country) else "",
        tag=_whole(query.get("tag")),
        quiet=_whole(query.get("quiet"), 3650),
        sort="quiet" if query.get("sort") == "quiet" else "recent",
        after=query.get("after", "")[:100],
    )


def _whole(text: str | None, most: int = 2**62) -> int | None:
    return int(text) if text and re.fullmatch("[0-9]{1,18}", text) and int(text) <= most else None


def moment_text(moment: datetime | None) -> str:
    """A moment as a cursor holds it."""
    return "infinity" if moment is None else moment.astimezone(UTC).isoformat()
