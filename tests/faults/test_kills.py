"""kill -9 of everybody at random moments: none lost, none twice, every state proven."""

import sys

from .killing import Plan, run


def tell(capsys, what):
    """Say it to whoever runs the tests."""
    with capsys.disabled():
        sys.stdout.write(f"\n  {what}\n")


def test_with_the_journal_as_a_table(capsys):
    outcome = run(Plan(seed=11, parcels=40, kills=8, roles=("ingest", "worker", "web")))
    tell(capsys, f"journal as a table: {outcome.told()}")
    assert outcome.differences == {}
    assert set(outcome.exits) == {0}
    assert sum(outcome.kills.values()) == 8


def test_with_a_replicated_log_whose_files_are_damaged_too(capsys):
    outcome = run(Plan(seed=12, parcels=60, kills=14, nats=3, damages=2))
    tell(capsys, f"replicated log: {outcome.told()}")
    assert outcome.differences == {}
    assert set(outcome.exits) == {0}
    assert {"worker", "ingest", "postgres", "nats"} <= set(outcome.kills)
