"""Quotas of accounts that a server cannot tell apart, and tokens that all processes share."""

from alembic import op

from everyleg.store.migrations import isolate, run_file

revision = "0010"
down_revision = "0009"

TABLES: tuple[str, ...] = ("shared_quotas", "source_tokens")


def upgrade() -> None:
    """New tables, closed to other tenants; tokens are read by workers only, like secrets."""
    run_file(op.get_bind(), "versions/0010_asking.sql")
    isolate(op.get_bind(), *TABLES)
    run_file(op.get_bind(), "versions/0010_tokens.sql")
