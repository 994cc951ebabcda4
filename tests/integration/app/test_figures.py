"""What the store says of the work that waits."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from everyleg.app.figures import FIGURES, MOST, Figures
from everyleg.pipeline.intake import Received, receive
from everyleg.pipeline.known import Store
from everyleg.pipeline.outcomes import Check, write_outcomes
from everyleg.store.due import arm

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def figures(database):
    with database.transaction(None, "worker") as worker:
        worker.execute("DELETE FROM inbox")
        worker.execute("DELETE FROM due")
    return Figures(database.conninfo)


def labelled(figures, name):
    for metric in figures.collect():
        if metric.name == name:
            return {tuple(sample.labels.values()): sample.value for sample in metric.samples}
    return None


def test_an_empty_journal_has_no_lag_and_the_database_is_up(figures):
    assert [
        figures.value(n) for n in ("everyleg_journal_rows", "everyleg_journal_seconds", "everyleg_database_up")
    ] == [0, 0, 1]


def test_what_waits_is_counted_and_the_oldest_has_its_age(figures, database, workspace):
    receive(database, [Received(workspace, "file", "usps", b"%d" % i, (f"X{i}",), NOW) for i in range(7)])
    with database.transaction(None, "worker") as worker:
        worker.execute("UPDATE inbox SET received_at = received_at - interval '90 seconds' WHERE asked = '{X0}'")
        worker.execute("UPDATE inbox SET attempts = 3 WHERE asked = '{X6}'")
    assert figures.value("everyleg_journal_rows") == 7
    assert 90 <= figures.value("everyleg_journal_seconds") < 120
    assert figures.value("everyleg_journal_stuck_rows") == 1
    with database.transaction(None, "worker") as worker:
        worker.execute("DELETE FROM inbox")


def test_a_large_journal_is_estimated(figures, database, workspace):
    with database.transaction(None, "worker") as worker:
        worker.execute(
            "INSERT INTO inbox (workspace_id, source, observed_at, body) SELECT %s, 'x', now(), '' FROM generate_series(1, %s)",
            (workspace, 3 * MOST),
        )
    assert figures.value("everyleg_journal_rows") == pytest.approx(3 * MOST, rel=0.01)
    with database.transaction(None, "worker") as worker:
        worker.execute("DELETE FROM inbox")


def test_each_kind_that_is_due_has_its_oldest_and_its_count(figures, database, workspace):
    now = datetime.now(UTC)
    with database.transaction(None, "worker") as worker:
        for subject, (kind, ago, group) in enumerate(
            [("check", 50, 0), ("check", 10, 3), ("check", -60, 0), ("wake", -30, 0), ("zz", 5, 1)]
        ):
            arm(worker, (workspace, kind, subject), now - timedelta(seconds=ago), group)
    oldest, counted = labelled(figures, "everyleg_due_oldest_seconds"), labelled(figures, "everyleg_due_rows")
    assert oldest[("check",)] == pytest.approx(50, abs=5)
    assert (oldest[("wake",)], counted) == (0, {("check",): 2, ("wake",): 0, ("zz",): 1})
    with database.transaction(None, "worker") as worker:
        worker.execute("DELETE FROM due")


def test_numbers_are_counted_by_what_their_last_check_gave(figures, database, workspace):
    with database.transaction(None, "worker") as worker:
        query = "INSERT INTO numbers (workspace_id, carrier, tracking_number) VALUES (%s, 'counted', %s) RETURNING number_id"
        numbers = [worker.execute(query, (workspace, f"N{i}")).fetchone()[0] for i in range(4)]
        outcomes = ["news", "news", "unknown", "nothing_new"]
        store = Store(worker, database.keys, workspace)
        write_outcomes(store, [Check(n, "carrier_api", NOW, o) for n, o in zip(numbers, outcomes, strict=True)])
    found = labelled(figures, "everyleg_checks_last")
    assert {key[2]: value for key, value in found.items() if key[0] == "counted"} == {
        "news": 2, "unknown": 1, "nothing_new": 1,
    }  # fmt: skip


def test_a_database_that_does_not_answer_is_said_and_nothing_old_is_shown():
    figures = Figures("host=127.0.0.1 port=1 connect_timeout=1")
    assert {metric.name for metric in figures.collect()} == {"everyleg_database_up"}
    assert figures.value("everyleg_database_up") == 0


def test_figures_are_asked_again_only_when_they_are_old(database, workspace):
    figures = Figures(database.conninfo)
    before = figures.value("everyleg_journal_rows")
    receive(database, [Received(workspace, "file", "usps", b"", ("X",), NOW)])
    assert figures.value("everyleg_journal_rows") == before
    with database.transaction(None, "worker") as worker:
        worker.execute("DELETE FROM inbox")


def test_every_figure_has_its_line_in_the_handbook():
    text = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name for figure in FIGURES for name in figure.names if not re.search(rf"`{name}[`{{]", text)] == []
