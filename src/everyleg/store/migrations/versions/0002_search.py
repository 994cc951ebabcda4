"""Search of numbers and order references."""

from alembic import op

from everyleg.store.migrations import run_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Trigram indexes and the one function that may use them across row-level security."""
    run_file(op.get_bind(), "versions/0002_search.sql")
