"""The bench of daily sheets: rows into the store beside a bare COPY of the same rows, and memory as sheets grow."""

import csv
import io
import math
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from everyleg.accounts.actors import command_line
from everyleg.app.plugins import roots
from everyleg.cli.bench_report import report
from everyleg.cli.store import default_workspace
from everyleg.numbers.detector import Detector
from everyleg.ports.number_formats import load_formats
from everyleg.sheets.adding import add
from everyleg.sheets.headings import headings
from everyleg.sheets.incoming import Habits, read
from everyleg.sheets.writers import write_table
from everyleg.store.db import Database, connect
from everyleg.store.settings import StoreSettings

GOALS = {"copy": (0.01, 0.02), "flat": (0.8, 0.95)}
"""Floor and goal: rows/s beside bare COPY; peak memory of the small sheet ÷ of the large one (1 is flat)."""
SMALL, LARGE = 20_000, 200_000
"""Rows of the sheets whose memory is compared."""
TIMED, PASSES = 4_000, 5
"""Rows of the sheets that are timed, and how many of them."""

Rows = list[list[str]]


def run(seed: int) -> dict[str, Any]:
    """The bench document, on a private server of its own in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="everyleg-bench-") as folder:
        Path(folder).chmod(0o711)
        settings = StoreSettings(Path(folder) / "data")
        with connect(settings) as database:
            figures = _speed(database, seed)
            peaks = {size: _peak(settings, Path(folder), seed, size) for size in (SMALL, LARGE)}
    figures |= {f"peak_mb_{size}": round(peak / 2**20, 1) for size, peak in peaks.items()}
    ratios = {
        "copy": round(figures["rows_per_s"] / figures["copy_rows_per_s"], 4),
        "flat": round(peaks[SMALL] / peaks[LARGE], 3),
    }
    return report("sheet", seed, figures, ratios, GOALS)


def _speed(database: Database, seed: int) -> dict[str, float]:
    """Rows a second: read, added, added again, and copied; the fastest of several passes, as noise only adds."""
    workspace = default_workspace(database)
    habits = Habits(UTC, Detector(load_formats(roots())))
    best = dict.fromkeys(("rows_per_s", "read_rows_per_s", "again_rows_per_s", "copy_rows_per_s"), math.inf)
    for turn in range(PASSES):
        rows = list(_rows(seed * PASSES + turn, TIMED))
        sheet = _csv(rows)
        taken = (
            _seconds(partial(_add, database, workspace, sheet, habits, "added")),
            _seconds(partial(_read, sheet, habits)),
            _seconds(partial(_add, database, workspace, sheet, habits, "unchanged")),
            _seconds(partial(_copy, database, rows)),
        )
        best = {name: min(pair) for name, *pair in zip(best, best.values(), taken, strict=True)}
    return {name: round(TIMED / seconds) for name, seconds in best.items()}


def _read(sheet: bytes, habits: Habits) -> None:
    for _ in read(sheet, habits):
        pass


def _add(database: Database, workspace: int, sheet: bytes | Path, habits: Habits, kind: str) -> None:
    now = datetime.now(UTC)
    wrong = [f for f in add(database, workspace, read(sheet, habits), command_line(workspace), now) if f.kind != kind]
    if wrong:
        raise RuntimeError(f"{len(wrong)} rows are not {kind}: {wrong[0].said('en')}")


def _copy(database: Database, rows: Rows) -> None:
    """The same rows as they are, into a table of texts without any index."""
    assert database.server is not None  # noqa: S101 - `run` opens a private one
    columns = ", ".join(f"c{i} text" for i in range(len(rows[0])))
    with psycopg.connect(database.server.superuser_conninfo) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bare_rows ({columns})")
        with cursor.copy("COPY bare_rows FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.commit()
        cursor.execute("DROP TABLE bare_rows")


def _peak(settings: StoreSettings, folder: Path, seed: int, size: int) -> int:
    """Peak memory, in bytes, of a process that adds an XLSX of so many rows."""
    path = folder / f"{size}.xlsx"
    with path.open("wb") as out:
        write_table(out, "xlsx", "rows", [h.en for h in headings() if h.use == "in"], _rows(seed + size, size))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_child, (settings, path, size))


def _child(settings: StoreSettings, path: Path, size: int) -> int:
    habits = Habits(UTC, Detector(load_formats(roots())))
    with connect(settings) as database:
        with database.transaction(None, "worker") as worker:
            query = "INSERT INTO workspaces (slug, name, kind) VALUES (%s, 'Bench', 'seller') RETURNING workspace_id"
            made = worker.execute(query, (f"bench-{size}",)).fetchone()
        now = datetime.now(UTC)
        for _ in add(database, made[0] if made else 0, read(path, habits), command_line(made[0] if made else 0), now):
            pass
    return _own_peak()


def _own_peak() -> int:
    status = Path("/proc/self/status")
    if status.exists():  # what `getrusage` says there counts the parent's memory too
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << (0 if sys.platform == "darwin" else 10)


def _rows(seed: int, size: int) -> Iterator[list[str]]:
    rng = Random(seed)  # noqa: S311  (rows, not secrets)
    start = rng.randrange(10**8)
    for i in range(size):
        yield [
            *(f"{seed}-{start + i:09d}", f"YT26{rng.randrange(10**14):014d}", f"channel {rng.randrange(12)}"),
            *(
                f"shop {rng.randrange(20)}",
                "Amazon",
                rng.choice(("US", "德国", "United Kingdom", "FR")),
                f"{i % 10**5:05d}",
            ),
            *(f"2026-11-{i % 28 + 1:02d} 08:00", f"2026-12-{i % 28 + 1:02d}", f"buyer{i}@example.com"),
            *(f"SKU-{rng.randrange(500)}", str(rng.randrange(1, 5)), rng.choice(("", "vip", "vip, Q4")), ""),
        ]


def _csv(rows: Rows) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[h.zh for h in headings() if h.use == "in"], *rows])
    return text.getvalue().encode("gb18030")


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
