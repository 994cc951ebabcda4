"""Parcels by the hundred thousand for `everyleg bench pages`: rows by SQL, timelines of a simulated world."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import psycopg
from msgspec import Struct

from everyleg.app.plugins import roots
from everyleg.core.fold import Facts, Timeline, fold
from everyleg.core.model import Link, Ref
from everyleg.lab.world import Plan, World
from everyleg.ports.number_formats import load_formats
from everyleg.store.sealing import Keyring, about_column

KINDS = 300
"""Different timelines; the parcels take turns."""
SHOPS, CHANNELS, TAGS = 40, 25, 6
COUNTRIES = ("US", "GB", "DE", "FR", "CA", "AU", "BR")
"""Where the world sends to."""


class Sample(Struct, frozen=True):
    """A parcel of the world as it stood at one moment."""

    timeline: Timeline
    numbers: tuple[tuple[str, str], ...]
    destination: str


def samples(seed: int, count: int, now: datetime) -> list[Sample]:
    """Parcels of a world that had begun by `now`, folded from what had happened by then."""
    world = World(Plan(seed, count * 2), load_formats(roots()))
    found: list[Sample] = []
    for index in range(count * 2):
        made = world.parcel(index)
        told = [s for s in world.statements(made) if s.occurred_at <= now]
        if told and len(found) < count:
            chain = [Ref(slug, n) for (slug, _, _), n in zip(made.trip.order.channel.legs, made.numbers, strict=True)]
            links = [Link("same_parcel", up, down, "last_mile") for up, down in pairwise(chain)]
            to = made.trip.order.lane.destination
            timeline = fold(Facts("CN", to), [], links, told)[0]
            found.append(Sample(timeline, tuple((r.carrier, r.tracking_number) for r in chain), to))
    return found


_SAMPLES = """
CREATE TEMPORARY TABLE samples (kind int, milestone text, sub_status text, stage text, exception boolean,
    since timestamptz, last_event_at timestamptz, delivered_at timestamptz, carriers text[], timeline bytea,
    destination char(2), carrier text)
"""

_NAMED = (
    "INSERT INTO shops (workspace_id, shop_id, name, platform)"
    " SELECT %(w)s, %(base)s + i, 'Shop ' || i, 'Amazon' FROM generate_series(1, %(shops)s) i",
    "INSERT INTO channels (workspace_id, channel_id, name)"
    " SELECT %(w)s, %(base)s + i, 'Channel ' || i FROM generate_series(1, %(channels)s) i",
    "INSERT INTO tags (workspace_id, tag_id, name)"
    " SELECT %(w)s, %(base)s + i, 'Tag ' || i FROM generate_series(1, %(tags)s) i",
)
"""Shops are as unlike in size as shops are: the first has most parcels, the last hardly any."""

_ROWS = (
    """
    INSERT INTO shipments (workspace_id, shipment_id, shop_id, channel_id, order_reference, destination_country,
                           promised_by)
    SELECT %(w)s, %(base)s + i, %(base)s + 1 + floor(%(shops)s * power(random(), 3))::int,
           %(base)s + 1 + floor(%(channels)s * power(random(), 2))::int, 'SO-' || (100000000 + i), x.destination,
           %(now)s::timestamptz + (random() * 40 - 25) * interval '1 day'
    FROM generate_series(1, %(n)s) i JOIN samples x ON x.kind = i %% %(kinds)s
    """,
    """
    INSERT INTO parcels (workspace_id, parcel_id, shipment_id, number_id)
    SELECT %(w)s, %(base)s + i, %(base)s + i, %(base)s + i FROM generate_series(1, %(n)s) i
    """,
    """
    INSERT INTO numbers (workspace_id, number_id, carrier, tracking_number)
    SELECT %(w)s, %(base)s + i, x.carrier, 'EV' || lpad((i::bigint * 7919 %% 1000000007)::text, 10, '0') || 'CN'
    FROM generate_series(1, %(n)s) i JOIN samples x ON x.kind = i %% %(kinds)s
    """,
    """
    INSERT INTO legs (workspace_id, parcel_id, number_id)
    SELECT %(w)s, %(base)s + i, %(base)s + i FROM generate_series(1, %(n)s) i
    """,
    """
    INSERT INTO parcel_tags (workspace_id, parcel_id, tag_id)
    SELECT %(w)s, %(base)s + i, %(base)s + 1 + floor(random() * %(tags)s)::int
    FROM generate_series(1, %(n)s) i WHERE random() < 0.05
    """,
    """
    INSERT INTO states (workspace_id, parcel_id, milestone, sub_status, stage, exception, since, last_event_at,
                        delivered_at, carriers, timeline, shop_id, channel_id, destination_country, tag_ids)
    SELECT %(w)s, h.shipment_id, x.milestone, x.sub_status, x.stage, x.exception, x.since,
           x.last_event_at - random() * interval '3 days', x.delivered_at, x.carriers, x.timeline,
           h.shop_id, h.channel_id, h.destination_country,
           (SELECT array_agg(t.tag_id) FROM parcel_tags t WHERE t.workspace_id = %(w)s AND t.parcel_id = h.shipment_id)
    FROM shipments h JOIN samples x ON x.kind = (h.shipment_id - %(base)s) %% %(kinds)s WHERE h.workspace_id = %(w)s
    """,
)

_SEARCH = ("numbers_search_idx", "shipments_search_idx")


def fill(
    admin: psycopg.Connection[Any], keys: Keyring, workspace: int, parcels: int, found: list[Sample], now: datetime
) -> int:
    """Put parcels into a workspace and give the id before the first one's.

    Args:
        admin: a superuser's connection: foreign keys are not checked, indexes of search are built at the end.
        keys: what timelines are sealed with.
        workspace: which.
        parcels: how many.
        found: the timelines that they take turns with.
        now: the clock.
    """
    base = workspace * 10_000_000
    admin.execute(_SAMPLES)
    with admin.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO samples VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [_row(keys, workspace, i, sample) for i, sample in enumerate(found)],
        )
    admin.execute("SET LOCAL session_replication_role = replica")
    defined = [admin.execute("SELECT pg_get_indexdef(%s::regclass)", (name,)).fetchone() for name in _SEARCH]
    for name in _SEARCH:
        admin.execute(f"DROP INDEX {name}")
    given = {"w": workspace, "base": base, "n": parcels, "kinds": len(found), "now": now}
    given |= {"shops": SHOPS, "channels": CHANNELS, "tags": TAGS}
    for query in (*_NAMED, *_ROWS):
        admin.execute(query, given)
    for index in defined:
        assert index is not None  # noqa: S101 (each was just dropped)
        admin.execute(index[0])
    admin.execute("DROP TABLE samples")
    return base


def _row(keys: Keyring, workspace: int, i: int, sample: Sample) -> tuple[Any, ...]:
    t = sample.timeline
    standing = [e.occurred_at for e in t.events if not e.withdrawn]
    sealed = keys.seal_json(t, about_column(workspace, "states.timeline"))
    state = (t.milestone, t.sub_status, t.stage, t.exception, t.since, max(standing, default=None), t.delivered_at)
    carriers = [carrier for carrier, _ in sample.numbers]
    return (i, *state, carriers, sealed, sample.destination, carriers[0])


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""When the bench looks at its world, which began on 21 September 2026."""
