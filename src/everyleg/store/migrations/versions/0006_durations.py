"""How long stages take, and what the planner plans."""

from alembic import op

from everyleg.store.migrations import isolate, run_file

revision = "0006"
down_revision = "0005"

TABLES: tuple[str, ...] = ("spells", "durations", "gaps", "cursors", "plans", "prices")


def upgrade() -> None:
    """New tables, closed to other tenants."""
    run_file(op.get_bind(), "versions/0006_durations.sql")
    isolate(op.get_bind(), *TABLES)
