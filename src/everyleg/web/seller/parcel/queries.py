"""A parcel's SQL. It runs as the app under row-level security, within the reader's shops."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.core.fold import Facts, Timeline
from everyleg.pipeline.known import Telling
from everyleg.store.sealing import Keyring, about_column


class Head(Struct, frozen=True):
    """What is known of a parcel apart from its journey."""

    parcel_id: int
    version: int
    merged_into: int | None
    pinned_carrier: str | None
    link_token: str | None
    stopped_at: datetime | None
    archived_at: datetime | None
    order: str | None
    shop: str | None
    channel: str | None
    origin: str | None
    destination: str | None
    shipped_at: datetime | None
    ship_by: datetime | None
    promised_by: datetime | None
    timeline: bytes | None

    @property
    def facts(self) -> Facts:
        """What the seller says of it."""
        return Facts(self.origin, self.destination, self.promised_by)


class NumberOf(Struct, frozen=True):
    """A number of the parcel."""

    number_id: int
    carrier: str
    tracking_number: str


class Witness(Struct, frozen=True):
    """A statement that tells of an event."""

    key: str
    carrier: str
    source: str
    observation_id: int | None
    observed_at: datetime | None
    code: str | None
    text: str | None
    place: str | None


class Remark(Struct, frozen=True):
    """What somebody wrote beside the parcel."""

    body: str
    author: str | None
    at: datetime


class Line(Struct, frozen=True):
    """A line of the shipment."""

    sku: str
    title: str | None
    quantity: Any


_HEAD = """
SELECT p.parcel_id, p.version, p.merged_into, p.pinned_carrier, p.link_token, p.stopped_at, p.archived_at,
       sh.order_reference, shops.name, channels.name, sh.origin_country, sh.destination_country, sh.shipped_at,
       sh.ship_by, sh.promised_by, s.timeline
FROM parcels p
LEFT JOIN states s ON s.workspace_id = p.workspace_id AND s.parcel_id = p.parcel_id
LEFT JOIN shipments sh ON sh.workspace_id = p.workspace_id AND sh.shipment_id = p.shipment_id
LEFT JOIN shops ON shops.workspace_id = sh.workspace_id AND shops.shop_id = sh.shop_id
LEFT JOIN channels ON channels.workspace_id = sh.workspace_id AND channels.channel_id = sh.channel_id
WHERE p.workspace_id = %(workspace)s AND p.parcel_id = %(parcel)s
  AND (%(limits)s::bigint[] IS NULL OR sh.shop_id = ANY(%(limits)s))
"""

_NUMBERS = """
SELECT n.number_id, n.carrier, n.tracking_number FROM legs l
JOIN numbers n ON n.workspace_id = l.workspace_id AND n.number_id = l.number_id
WHERE l.workspace_id = %s AND l.parcel_id = %s ORDER BY l.leg_id
"""

_WITNESSES = """
SELECT encode(s.key, 'hex'), n.carrier, s.source, s.observation_id, s.observed_at, s.code, s.said
FROM statements s JOIN numbers n ON n.workspace_id = s.workspace_id AND n.number_id = s.number_id
WHERE s.workspace_id = %s AND s.number_id = ANY(%s)
"""

_ANSWER = """
SELECT o.body, o.source, o.carrier, o.observed_at, o.times, o.last_observed_at FROM observations o
WHERE o.workspace_id = %(workspace)s AND o.observation_id = %(observation)s AND EXISTS (
    SELECT FROM readings r JOIN legs l ON l.workspace_id = r.workspace_id AND l.number_id = r.number_id
    WHERE r.workspace_id = o.workspace_id AND r.observation_id = o.observation_id AND l.parcel_id = %(parcel)s)
"""

_TAGS = """
SELECT t.name FROM parcel_tags pt JOIN tags t ON t.workspace_id = pt.workspace_id AND t.tag_id = pt.tag_id
WHERE pt.workspace_id = %s AND pt.parcel_id = %s ORDER BY t.name
"""

_REMARKS = """
SELECT r.body, p.name, r.created_at FROM remarks r
LEFT JOIN people p ON p.workspace_id = r.workspace_id AND p.person_id = r.author_id
WHERE r.workspace_id = %s AND r.parcel_id = %s AND r.withdrawn_at IS NULL ORDER BY r.remark_id DESC LIMIT 100
"""

_LINES = """
SELECT l.sku, l.title, l.quantity FROM parcels p
JOIN shipment_lines l ON l.workspace_id = p.workspace_id AND l.shipment_id = p.shipment_id
WHERE p.workspace_id = %s AND p.parcel_id = %s ORDER BY l.line LIMIT 50
"""

_REPLACED = """
SELECT l.parcel_id, n.tracking_number FROM legs mine
JOIN links k ON k.workspace_id = mine.workspace_id AND k.kind = 'replaces' AND k.withdrawn_at IS NULL
            AND k.a_number_id = mine.number_id
JOIN legs l ON l.workspace_id = k.workspace_id AND l.number_id = k.b_number_id
JOIN numbers n ON n.workspace_id = k.workspace_id AND n.number_id = k.b_number_id
WHERE mine.workspace_id = %s AND mine.parcel_id = %s ORDER BY k.link_id DESC LIMIT 1
"""


def head(connection: Connection[Any], workspace: int, parcel: int, limits: Sequence[int] | None) -> Head | None:
    """A parcel; None when there is none within the reader's shops."""
    asked = {"workspace": workspace, "parcel": parcel, "limits": None if limits is None else list(limits)}
    row = connection.execute(_HEAD, asked).fetchone()
    return Head(*row) if row else None


def timeline(keys: Keyring, workspace: int, sealed: bytes | None) -> Timeline | None:
    """The timeline as the fold left it; None while nothing was told."""
    if sealed is None:
        return None
    return keys.open_json(sealed, about_column(workspace, "states.timeline"), Timeline)


def numbers(connection: Connection[Any], workspace: int, parcel: int) -> list[NumberOf]:
    """The parcel's numbers, leg by leg."""
    found = [NumberOf(*row) for row in connection.execute(_NUMBERS, (workspace, parcel))]
    return list({number.number_id: number for number in found}.values())


def witnesses(
    connection: Connection[Any], keys: Keyring, workspace: int, number_ids: list[int]
) -> dict[str, list[Witness]]:
    """Every statement of these numbers, by key."""
    found: dict[str, list[Witness]] = {}
    about = about_column(workspace, "statements.said")
    for key, carrier, source, observation, at, code, said in connection.execute(_WITNESSES, (workspace, number_ids)):
        told = keys.open_json(said, about, Telling) if said is not None else None
        place = (told.raw or told.city) if told else None
        witness = Witness(key, carrier, source, observation, at, code, told.text if told else None, place)
        found.setdefault(key, []).append(witness)
    return found


def answer(connection: Connection[Any], workspace: int, parcel: int, observation: int) -> tuple[Any, ...] | None:
    """A raw answer as it lies, if it speaks of the parcel: body (sealed), source, carrier, when, how often, last."""
    asked = {"workspace": workspace, "parcel": parcel, "observation": observation}
    return connection.execute(_ANSWER, asked).fetchone()


def tags(connection: Connection[Any], workspace: int, parcel: int) -> list[str]:
    """The parcel's tags."""
    return [row[0] for row in connection.execute(_TAGS, (workspace, parcel))]


def remarks(connection: Connection[Any], keys: Keyring, workspace: int, parcel: int) -> list[Remark]:
    """What people wrote, newest first."""
    body, name = about_column(workspace, "remarks.body"), about_column(workspace, "people.name")
    return [
        Remark(keys.open_text(row[0], body) or "", keys.open_text(row[1], name), row[2])
        for row in connection.execute(_REMARKS, (workspace, parcel))
    ]


def lines(connection: Connection[Any], workspace: int, parcel: int) -> list[Line]:
    """What the shipment holds."""
    return [Line(*row) for row in connection.execute(_LINES, (workspace, parcel))]


def replacement(connection: Connection[Any], workspace: int, parcel: int) -> tuple[int, str] | None:
    """The parcel that was sent in place of this one, and its number."""
    row = connection.execute(_REPLACED, (workspace, parcel)).fetchone()
    return (row[0], row[1]) if row else None
