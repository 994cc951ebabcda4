"""How a database gets its tables: forward only, each step one SQL file beside a numbered Alembic revision.

Before the steps, `roles.sql` sees that roles and extensions are there; the steps themselves run as `everyleg_owner`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection, NullPool, create_engine

_LOCK = 0x65766C67
"""Advisory lock (`evlg`) that lets one process at a time migrate."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "everyleg.store:migrations")
    config.set_main_option("path_separator", "os")
    return config


def newest() -> str:
    """The revision that this version of Everyleg works with."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(connection: psycopg.Connection[Any]) -> str | None:
    """The revision of a database; None when it has none of our tables."""
    if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else None


def migrate(conninfo: str, login: str | None = None, to: str = "head") -> None:
    """Bring a database to a revision, whole or not at all; a database that is there already stays as it is.

    Args:
        conninfo: of a login that may create roles and extensions and owns the database.
        login: who may take on the roles of app and worker; None: the one that migrates.
        to: the revision.
    """
    with alone(conninfo) as connection:
        become_owner(connection, login)
        upgrade(connection, to)


@contextmanager
def alone(conninfo: str) -> Iterator[Connection]:
    """A transaction in which nobody else migrates this database."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo), poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        yield connection


def become_owner(connection: Connection, login: str | None) -> None:
    """See that roles and extensions are there and that the login may take on its roles; then act as the owner."""
    run_file(connection, "roles.sql")
    grantee = sql.Identifier(login) if login else sql.SQL("CURRENT_USER")
    bare(connection).execute(sql.SQL("GRANT everyleg_app, everyleg_worker TO {}").format(grantee))
    connection.exec_driver_sql("SET LOCAL ROLE everyleg_owner")


def upgrade(connection: Connection, to: str = "head") -> None:
    """Take the steps up to a revision, as the owner."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def bare(connection: Connection) -> psycopg.Connection[Any]:
    """The connection itself, for what SQLAlchemy has no words for."""
    raw: Any = connection.connection.dbapi_connection
    return raw  # type: ignore[no-any-return]


def run_file(connection: Connection, name: str) -> None:
    """Run an SQL file of this folder as it stands."""
    bare(connection).execute(resources.files(__name__).joinpath(*name.split("/")).read_text(encoding="utf-8"))


def isolate(connection: Connection, *tables: str) -> None:
    """Close new tables to other tenants: the app sees one workspace, named for the transaction; workers serve all."""
    mine = sql.SQL("workspace_id = nullif(current_setting('everyleg.workspace', true), '')::integer")
    for name in map(sql.Identifier, tables):
        for step in (
            sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(name),
            sql.SQL("CREATE POLICY mine ON {0} TO everyleg_app USING ({1}) WITH CHECK ({1})").format(name, mine),
            sql.SQL("CREATE POLICY everyone ON {} TO everyleg_worker USING (true) WITH CHECK (true)").format(name),
            sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO everyleg_app, everyleg_worker").format(name),
        ):
            bare(connection).execute(step)
    bare(connection).execute("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO everyleg_worker")
