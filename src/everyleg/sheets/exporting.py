"""All parcels of a workspace as a daily sheet, with how far they have come: what is read back changes nothing."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts.actors import Actor
from everyleg.accounts.roles import Permission
from everyleg.core.vocabulary import STAGE_NAMES, STATUSES
from everyleg.sheets.headings import Heading, headings
from everyleg.sheets.notes import Lang, say
from everyleg.sheets.there import ATTRIBUTES, REMARK, SEALED
from everyleg.sheets.writers import Kind, Value, write_table
from everyleg.store.db import Database
from everyleg.store.sealing import Keyring, about_column

_FETCHED = 1_000
_MOST_ATTRIBUTES = 200
"""Columns of attributes; a workbook's reader takes 500 in all."""

_PARCELS = """
SELECT n.tracking_number AS number, s.order_reference AS "order", c.name AS channel, h.name AS shop, h.platform,
       s.destination_country AS country, s.shipped_at, s.promised_by, s.destination_postcode, s.buyer_email,
       s.attributes, t.milestone, t.sub_status, t.stage, t.last_event_at, t.delivered_at,
       (SELECT string_agg(g.name, ', ' ORDER BY g.name) FROM parcel_tags x
        JOIN tags g ON g.workspace_id = x.workspace_id AND g.tag_id = x.tag_id
        WHERE x.workspace_id = p.workspace_id AND x.parcel_id = p.parcel_id) AS tags,
       (SELECT r.body FROM remarks r
        WHERE r.workspace_id = p.workspace_id AND r.parcel_id = p.parcel_id AND r.withdrawn_at IS NULL
        ORDER BY r.remark_id DESC LIMIT 1) AS remark,
       (SELECT array_agg(ARRAY[l.sku, l.quantity::text] ORDER BY l.line) FROM shipment_lines l
        WHERE l.workspace_id = p.workspace_id AND l.shipment_id = p.shipment_id
          AND (l.tracking_number = n.tracking_number OR l.tracking_number IS NULL AND p.parcel_id = (
              SELECT min(f.parcel_id) FROM parcels f WHERE f.workspace_id = p.workspace_id
              AND f.shipment_id = p.shipment_id AND f.merged_into IS NULL))) AS lines
FROM parcels p
LEFT JOIN numbers n ON n.workspace_id = p.workspace_id AND n.number_id = p.number_id
LEFT JOIN shipments s ON s.workspace_id = p.workspace_id AND s.shipment_id = p.shipment_id
LEFT JOIN channels c ON c.workspace_id = s.workspace_id AND c.channel_id = s.channel_id
LEFT JOIN shops h ON h.workspace_id = s.workspace_id AND h.shop_id = s.shop_id
LEFT JOIN states t ON t.workspace_id = p.workspace_id AND t.parcel_id = p.parcel_id
WHERE p.workspace_id = %(workspace)s AND p.merged_into IS NULL
  AND (%(shops)s::bigint[] IS NULL OR s.shop_id = ANY(%(shops)s::bigint[]))
ORDER BY p.parcel_id
"""

_ATTRIBUTES = """
SELECT attributes FROM shipments WHERE workspace_id = %(workspace)s AND attributes IS NOT NULL
  AND (%(shops)s::bigint[] IS NULL OR shop_id = ANY(%(shops)s::bigint[])) ORDER BY shipment_id
"""


_PLAIN = ("number", "order", "channel", "shop", "platform", "country", "tags")
_MOMENTS = ("shipped_at", "promised_by", "last_event_at", "delivered_at")


class Wish(Struct, frozen=True):
    """What an export is to be like."""

    kind: Kind = "xlsx"
    lang: Lang = "en"


def export(database: Database, workspace: int, out: BinaryIO, author: Actor, wish: Wish) -> int:
    """Write all parcels that the author may see; gives how many rows there are.

    A parcel has a row for each SKU in it. What tells of a buyer is left out for who may not see it.

    Raises:
        NotAllowedError: the author may not export.
        SheetError: more rows than a workbook holds; CSV has no limit.
    """
    author.require(Permission.EXPORT)
    with database.transaction(workspace) as connection:
        exporter = _Exporter(connection, database.keys, author, wish.lang)
        attributes = exporter.attributes() if author.may(Permission.SEE_PERSONAL) else []
        columns = [heading for heading in headings() if heading.field != "reason"]
        titles = [heading.zh if wish.lang == "zh" else heading.en for heading in columns]
        rows = exporter.rows(columns, attributes)
        write_table(out, wish.kind, say("daily_sheet", wish.lang), [*titles, *attributes], rows)
    return exporter.count


class _Exporter:
    def __init__(self, connection: Connection[Any], keys: Keyring, author: Actor, lang: Lang) -> None:
        self._connection, self._keys, self._lang = connection, keys, lang
        self._workspace = author.workspace
        self._personal = author.may(Permission.SEE_PERSONAL)
        self._asked = {
            "workspace": self._workspace,
            "shops": None if author.shop_ids is None else list(author.shop_ids),
        }
        query = "SELECT time_zone FROM workspaces WHERE workspace_id = %s"
        found = connection.execute(query, (self._workspace,)).fetchone()
        self._zone = ZoneInfo(found[0] if found else "UTC")
        self.count = 0

    def attributes(self) -> list[str]:
        """Headings of all attributes, in the order in which they first came."""
        found: dict[str, None] = {}
        with self._connection.cursor("sheet_attributes") as cursor:
            cursor.itersize = _FETCHED
            for (sealed,) in cursor.execute(_ATTRIBUTES, self._asked):
                found.update(dict.fromkeys(self._opened(sealed)))
        return list(found)[:_MOST_ATTRIBUTES]

    def rows(self, columns: list[Heading], attributes: list[str]) -> Iterator[list[Value]]:
        """The rows, fetched as they are written."""
        with self._connection.cursor("sheet_parcels") as cursor:
            cursor.itersize = _FETCHED
            cursor.execute(_PARCELS, self._asked)
            names = [column.name for column in cursor.description or ()]
            for record in cursor:
                found = dict(zip(names, record, strict=True))
                values = self._values(found)
                more = self._opened(found["attributes"]) if attributes and found["attributes"] else {}
                for sku, quantity in found["lines"] or [(None, None)]:
                    self.count += 1
                    values["sku"] = sku
                    values["quantity"] = None if quantity is None else Decimal(quantity).normalize() + 0
                    yield [*(values.get(column.field) for column in columns), *(more.get(name) for name in attributes)]

    def _values(self, found: dict[str, Any]) -> dict[str, Value]:
        status = STATUSES.get(found["sub_status"] or "")
        values: dict[str, Value] = {
            **{name: found[name] for name in ("number", "order", "channel", "shop", "platform", "country", "tags")},
            **{
                name: self._local(found[name])
                for name in ("shipped_at", "promised_by", "last_event_at", "delivered_at")
            },
            "milestone": status.display.get(self._lang) or status.meaning[self._lang] if status else found["milestone"],
            "stage": STAGE_NAMES.get(found["stage"] or "", {}).get(self._lang),
        }
        if self._personal:
            values["postcode"] = self._open(SEALED["postcode"], found["destination_postcode"])
            values["email"] = self._open(SEALED["email"], found["buyer_email"])
            values["remark"] = self._open(REMARK, found["remark"])
        return values

    def _open(self, column: str, sealed: bytes | None) -> str | None:
        return self._keys.open_text(sealed, about_column(self._workspace, column))

    def _opened(self, sealed: bytes) -> dict[str, str]:
        return self._keys.open_json(sealed, about_column(self._workspace, ATTRIBUTES), dict[str, str])

    def _local(self, moment: datetime | None) -> str | None:
        """An instant on the workspace's clock; with its offset in the hour that clocks show twice."""
        if moment is None:
            return None
        local = moment.astimezone(self._zone)
        return local.strftime("%Y-%m-%d %H:%M:%S" + ("%z" if local.fold else ""))
