"""Webhooks in and registrations with aggregators."""

from alembic import op

from everyleg.store.migrations import isolate, run_file

revision = "0005"
down_revision = "0004"

TABLES: tuple[str, ...] = ("webhooks_in", "registrations", "spending", "second_looks")


def upgrade() -> None:
    """New tables, closed to other tenants."""
    run_file(op.get_bind(), "versions/0005_intake.sql")
    isolate(op.get_bind(), *TABLES)
