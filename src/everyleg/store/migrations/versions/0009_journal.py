"""Bundles of the replicated log that came in."""

from alembic import op

from everyleg.store.migrations import isolate, run_file

revision = "0009"
down_revision = "0008"

TABLES: tuple[str, ...] = ("bundles",)


def upgrade() -> None:
    """New tables, closed to other tenants."""
    run_file(op.get_bind(), "versions/0009_journal.sql")
    isolate(op.get_bind(), *TABLES)
