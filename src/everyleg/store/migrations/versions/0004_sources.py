"""Accounts of sources, their quotas and what was asked of them."""

from alembic import op

from everyleg.store.migrations import isolate, run_file

revision = "0004"
down_revision = "0003"

TABLES: tuple[str, ...] = ("source_accounts", "source_quotas", "source_health")


def upgrade() -> None:
    """New tables, closed to other tenants."""
    run_file(op.get_bind(), "versions/0004_sources.sql")
    isolate(op.get_bind(), *TABLES)
