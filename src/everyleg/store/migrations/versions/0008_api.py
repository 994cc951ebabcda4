"""What the API remembers of requests that may be sent again."""

from alembic import op

from everyleg.store.migrations import isolate, run_file

revision = "0008"
down_revision = "0007"

TABLES: tuple[str, ...] = ("api_requests",)


def upgrade() -> None:
    """New tables, closed to other tenants."""
    run_file(op.get_bind(), "versions/0008_api.sql")
    isolate(op.get_bind(), *TABLES)
