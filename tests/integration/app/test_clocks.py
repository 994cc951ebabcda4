"""Clocks that jump stop nobody, and what they stamped is taken in all the same."""

from datetime import UTC, datetime, timedelta

from everyleg.app.rounds import Working, work
from everyleg.pipeline.intake import receive
from everyleg.pipeline.verify import verify
from tests.integration.pipeline.acme import body, carriers, event, got, rows


def test_a_clock_that_jumps_stops_no_worker(database, workspace):
    """Forward by years, back by years, to and fro: bodies are taken in and old rows removed all the same."""
    start = datetime(2026, 11, 20, tzinfo=UTC)
    clock = [start, start + timedelta(days=3650), start - timedelta(days=3650), start, start + timedelta(hours=2)]
    tidied = []

    class Watched(Working):
        def _tidy(self, now):
            tidied.append(now)

    for i in range(len(clock)):
        receive(database, [got(workspace, body(event(-5), no=f"AC{i}"), asked=(f"AC{i}",))])
    left, seen = iter(clock), []
    rounds = Watched(database, carriers(), lambda _: False)

    def ended(_):
        return len(seen) == len(clock)

    def now():
        seen.append(next(left))
        return seen[-1]

    work(rounds, ended, now=now)
    assert rows(database, "SELECT count(*) FROM inbox WHERE workspace_id = %s", workspace) == [(0,)]
    assert tidied == clock


def test_answers_from_a_clock_that_is_wrong_are_taken_in_and_states_are_proven(database, workspace):
    answers = [
        got(workspace, body(*(event(h) for h in range(-5, n))), hours)
        for n, hours in enumerate((0, 24 * 3650, -24 * 3650, 1))
    ]
    receive(database, answers)
    work(Working(database, carriers(), lambda _: False), _twice())
    assert rows(database, "SELECT count(*) FROM observations WHERE workspace_id = %s", workspace) == [(4,)]
    assert verify(database, workspace) == []


def _twice():
    left = iter([False, True])
    return lambda _: next(left)
