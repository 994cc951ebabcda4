"""What nobody knows, as it is met: counted, forgotten once it is known; and what people taught, for the reading."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

from everyleg.pipeline.heard import Heard
from everyleg.pipeline.known import Store

VALUE = "unknowns.value"

_COUNT = """
INSERT INTO unknowns (workspace_id, carrier, kind, value_hash, value, times, observation_id)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, carrier, kind, value_hash) DO UPDATE SET times = unknowns.times + excluded.times,
    last_seen = now(), observation_id = excluded.observation_id
"""

_TAUGHT = "SELECT carrier, kind, value, sub_status FROM unknowns WHERE workspace_id = %s AND sub_status IS NOT NULL"

_UNTAUGHT = """
SELECT carrier, kind, value, value_hash FROM unknowns WHERE workspace_id = %(workspace)s AND sub_status IS NULL
    AND last_seen < %(before)s AND (%(carrier)s::text IS NULL OR carrier = %(carrier)s)
"""

_DROP = "DELETE FROM unknowns WHERE workspace_id = %s AND carrier = %s AND kind = %s AND value_hash = %s"


def teachings_of(store: Store) -> dict[tuple[str, str, str], str]:
    """What the workspace's people said that codes and texts mean: (carrier, kind, value) → sub-status."""
    about = store.about(VALUE)
    return {
        (carrier, kind, store.keys.open(value, about).decode()): meant
        for carrier, kind, value, meant in store.connection.execute(_TAUGHT, (store.workspace,))
    }


def count_unknowns(store: Store, heard: Iterable[tuple[Heard, int]]) -> None:
    """Count what answers hold that nobody knows; each with the id of its observation."""
    times: Counter[tuple[str, str, str]] = Counter()
    seen: dict[tuple[str, str, str], int] = {}
    for one, observation in heard:
        for kind, value in one.unknown:
            times[one.carrier or "", kind, value] += 1
            seen[one.carrier or "", kind, value] = observation
    keys, about = store.keys, store.about(VALUE)
    rows = [
        (store.workspace, carrier, kind, keys.digest(value), keys.seal(value.encode(), about), count, seen[place])
        for place, count in sorted(times.items())
        for carrier, kind, value in (place,)
    ]
    if rows:
        with store.connection.cursor() as cursor:
            cursor.executemany(_COUNT, rows)


def drop_known(store: Store, carrier: str | None, still: Collection[tuple[str, str, str]], before: datetime) -> None:
    """Take off the list what is no longer unknown.

    Args:
        store: of the workspace.
        carrier: only this carrier's; None: all.
        still: (carrier, kind, value) of what is.
        before: what was met since then stays.
    """
    about, asked = store.about(VALUE), {"workspace": store.workspace, "carrier": carrier, "before": before}
    gone = [
        (store.workspace, slug, kind, digest)
        for slug, kind, value, digest in store.connection.execute(_UNTAUGHT, asked)
        if (slug, kind, store.keys.open(value, about).decode()) not in still
    ]
    with store.connection.cursor() as cursor:
        cursor.executemany(_DROP, gone)
