"""What each check of a number gave, and which carrier it is of."""

from alembic import op

from everyleg.store.migrations import isolate, run_file

revision = "0003"
down_revision = "0002"

TABLES: tuple[str, ...] = ("checks", "candidates", "resolved")


def upgrade() -> None:
    """New tables, closed to other tenants."""
    run_file(op.get_bind(), "versions/0003_checks.sql")
    isolate(op.get_bind(), *TABLES)
