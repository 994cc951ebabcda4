"""Alembic's way in; the connection is handed over by `migrate`, within its transaction."""

from alembic import context

from everyleg.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
