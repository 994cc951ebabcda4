"""Keys of idempotent requests."""

from alembic import op

from everyleg.store.migrations import isolate, run_file

revision = "0008"
down_revision = "0007"

TABLES: tuple[str, ...] = ()


def upgrade() -> None:
    """New tables, closed to other tenants."""
    run_file(op.get_bind(), "versions/0008_api.sql")
    isolate(op.get_bind(), *TABLES)
