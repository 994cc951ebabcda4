"""The bench of scale: what an answer costs when 10,000, 100,000 and 1,000,000 parcels are on their way.

The store grows by copies of real parcels, made by SQL with all their rows; among them, evenly, come those that are
measured. So what they touch lies scattered over the tables as it does in life.
"""

import random
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psycopg
from psycopg import sql

from everyleg.cli.bench_answers import START, bench_store, items, through
from everyleg.cli.bench_report import report
from everyleg.cli.store import default_workspace
from everyleg.lab.mix import Way, ways
from everyleg.store.db import Database

GOALS = {"1m_over_10k": (1.7, 1.3)}
"""Floor and goal: microseconds an answer at the largest store ÷ at the smallest; less is better."""
SIZES = (10_000, 100_000, 1_000_000)
NAMES = ("10k", "100k", "1m")
STATEMENTS = 4
"""Statements of a parcel when the measured answers come."""
MEASURED, PIECES = 1_000, 10
"""Parcels measured at each size, and in how many pieces they come while the store grows."""
_TEMPLATES = 100

_COPIES = {
    "numbers": "workspace_id, {id} AS number_id, carrier, 'EV' || {id} AS tracking_number",
    "parcels": "workspace_id, {id} AS parcel_id, {id} AS number_id",
    "legs": "workspace_id, {id} AS leg_id, {id} AS parcel_id, {id} AS number_id, life_from, life_to",
    "states": """workspace_id, {id} AS parcel_id, milestone, sub_status, stage, exception, since,
        last_event_at, carriers, timeline""",
    "observations": """workspace_id, {id} AS observation_id, sha256(int8send({id})) AS sha256,
        sha256(int8send(-{id})) AS subject, carrier, source, asked, observed_at, received_at, body, body_size""",
    "readings": """workspace_id, {id} AS number_id, {id} AS observation_id, source, observed_at, outcome, complete,
        digest, opens_at, origin, destination, found""",
    "statements": """workspace_id, {id} AS number_id, source, key, {id} AS observation_id, observed_at, occurred_at,
        occurred_local, uncertainty_s, utc_offset, rank, withdrawn, time_basis, stage, sub_status, code, said""",
    "checks": "workspace_id, {id} AS number_id, source, checked_at, outcome, answered_at, news_at",
}
"""What a copy of a parcel has in each table. Its id is that of all its rows."""
_OWN = {"numbers": "number_id", "parcels": "number_id", "legs": "number_id", "observations": "observation_id",
        "readings": "number_id", "statements": "number_id", "checks": "number_id"}  # fmt: skip
_GIVEN = (("numbers", "number_id"), ("parcels", "parcel_id"), ("legs", "leg_id"), ("observations", "observation_id"))
"""The ids that the database gives out."""
_LAST = [f"SELECT max({column}) FROM {table}" for table, column in _GIVEN]  # noqa: S608 - our own words
_GO_ON = [f"SELECT setval(pg_get_serial_sequence('{t}', '{c}'), (SELECT max({c}) FROM {t}))" for t, c in _GIVEN]  # noqa: S608
_SEARCH = "numbers_search_idx"


def run(seed: int, parcels: int | None) -> dict[str, Any]:
    """The bench document; `parcels` in place of the million."""
    sizes = (*SIZES[:2], parcels) if parcels is not None else SIZES
    with bench_store() as (database, _):
        workspace = default_workspace(database)
        through(database, items(workspace, ways(seed + 10_000, _TEMPLATES, STATEMENTS), STATEMENTS, START))
        figures: dict[str, float] = {}
        store = _Growing(database, workspace)
        for i, (size, name) in enumerate(zip(sizes, NAMES, strict=True)):
            told = ways(seed + i, MEASURED, STATEMENTS + 2)
            store.grow(size, told)
            news, new = _cost(database, workspace, told, seed + 1_000 * (i + 1))
            figures |= {f"news_us_{name}": round(news, 1), f"new_parcel_us_{name}": round(new, 1)}
            figures |= {f"observation_us_{name}": round((news + new) / 2, 1)}
    ratio = figures["observation_us_1m"] / figures["observation_us_10k"]
    middle = figures["observation_us_100k"] / figures["observation_us_10k"]
    figures["parcels_1m"] = sizes[-1]
    return report("scale", seed, figures, {"1m_over_10k": round(ratio, 3), "100k_over_10k": round(middle, 3)}, GOALS)


def _cost(database: Database, workspace: int, told: Sequence[Way], seed: int) -> tuple[float, float]:
    """Microseconds that an answer takes which tells one statement more, and the first of a new parcel."""
    shuffled = random.Random(seed).sample(told, len(told))  # noqa: S311 - repeatable, not secret
    seconds = []
    for more in (1, 2):
        received = items(workspace, shuffled, STATEMENTS + more, START + timedelta(days=more))
        new = items(workspace, ways(seed + more, len(told), STATEMENTS), STATEMENTS, START)
        seconds.append((_seconds(database, received), _seconds(database, new)))
    news, first = (min(some) / len(told) * 1e6 for some in zip(*seconds, strict=True))
    return news, first


def _seconds(database: Database, received: Any) -> float:
    start = time.perf_counter()
    done = through(database, received)
    taken = time.perf_counter() - start
    if done.read != len(received) or done.quarantined:
        raise RuntimeError(f"not what was sent: {done}")
    return taken


class _Growing:
    """A store that grows by copies of the parcels that are in it at first."""

    def __init__(self, database: Database, workspace: int) -> None:
        assert database.server is not None  # noqa: S101 - the bench opens a private one
        self._database, self._workspace = database, workspace
        self._conninfo = database.server.superuser_conninfo
        self._size = _TEMPLATES
        with psycopg.connect(self._conninfo) as admin:
            self._ids = {
                column: self._templates(admin, column) for column in ("number_id", "parcel_id", "observation_id")
            }

    def _templates(self, admin: psycopg.Connection[Any], column: str) -> list[int]:
        table = {"number_id": "numbers", "parcel_id": "parcels", "observation_id": "observations"}[column]
        found = admin.execute(f"SELECT {column} FROM {table} ORDER BY 1")  # noqa: S608 - our own words
        return [one for (one,) in found]

    def grow(self, size: int, told: Sequence[Way]) -> None:
        """Grow to so many parcels, those of `told` among them in pieces."""
        piece = len(told) // PIECES
        copies = (size - self._size - len(told)) // PIECES
        for at in range(0, len(told), piece):
            with psycopg.connect(self._conninfo) as admin:
                self._copy(admin, copies)
            some = items(self._workspace, told[at : at + piece], STATEMENTS, START)
            through(self._database, some)
        self._size = size
        with psycopg.connect(self._conninfo, autocommit=True) as admin:
            admin.execute("VACUUM ANALYZE")
            admin.execute("CHECKPOINT")

    def _copy(self, admin: psycopg.Connection[Any], copies: int) -> None:
        """Copy the first parcels round by round; the index of search is made anew, which is faster."""
        rounds = copies // _TEMPLATES
        admin.execute("SET LOCAL session_replication_role = replica")
        made = admin.execute("SELECT pg_get_indexdef(%s::regclass)", (_SEARCH,)).fetchone()
        assert made is not None  # noqa: S101 - the migrations make it
        admin.execute(f"DROP INDEX {_SEARCH}")
        first = max(admin.execute(query).fetchall()[0][0] for query in _LAST) + 1
        for table in _COPIES:
            self._copy_table(admin, table, rounds, first)
        admin.execute(made[0])
        for query in _GO_ON:
            admin.execute(query)

    def _copy_table(self, admin: psycopg.Connection[Any], table: str, rounds: int, first: int) -> None:
        own, columns = _OWN.get(table, "parcel_id"), _COPIES[table]
        query = sql.SQL("""
            INSERT INTO {table} ({names}) SELECT {columns}
            FROM (SELECT t.*, array_position(%(ids)s::bigint[], t.{own}) - 1 AS place FROM {table} t
                  WHERE t.{own} = ANY(%(ids)s::bigint[])) t CROSS JOIN generate_series(0, %(rounds)s - 1) g
            """).format(
            table=sql.Identifier(table),
            own=sql.Identifier(own),
            names=sql.SQL(", ".join(part.split(" AS ")[-1].strip() for part in _parts(columns))),
            columns=sql.SQL(columns.format(id="(%(first)s + g * %(templates)s + t.place)")),
        )
        admin.execute(query, {"ids": self._ids[own], "rounds": rounds, "first": first, "templates": _TEMPLATES})


def _parts(columns: str) -> list[str]:
    """The columns of a list, whatever brackets stand in them."""
    parts, depth, part = [], 0, ""
    for letter in columns:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append(part)
            part = ""
        else:
            part += letter
    return [*parts, part]
