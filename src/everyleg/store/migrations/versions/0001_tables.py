"""Every table of the first version, closed to other tenants."""

from alembic import op

from everyleg.store.migrations import run_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Positions of changes, tables, then who may see and do what."""
    run_file(op.get_bind(), "versions/0001_positions.sql")
    run_file(op.get_bind(), "versions/0001_tables.sql")
    run_file(op.get_bind(), "versions/0001_isolation.sql")
