"""`everyleg migrate`: a database of one's own brought up to date."""

import os

import psycopg

from everyleg.cli.io import UserError
from everyleg.store.migrations import migrate as bring
from everyleg.store.migrations import newest
from everyleg.store.sealing import load_keyring
from everyleg.store.settings import store_settings


def migrate(*, login: str | None = None) -> None:
    """Make or update the tables in the PostgreSQL of EVERYLEG_DATABASE_URL; whole or not at all, again does nothing.

    The keyring is made too if there is none: all processes need the same one.

    The private server of a data directory needs no such command. Everyleg's processes go on after it with the new
    version only: end the old ones first.

    Args:
        login: Who is to work with the tables, when that is somebody else than the login of the address.
    """
    settings = store_settings(os.environ)
    address = settings.database_url
    if not address:
        raise UserError("nothing to migrate: without EVERYLEG_DATABASE_URL the private server does it by itself")
    try:
        bring(address, login)
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"the database does not answer: {reason}; mend EVERYLEG_DATABASE_URL") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise UserError(
            f"the login may not: {error}; use one that owns the database and may create roles and extensions"
        ) from error
    load_keyring(settings.keyring_file)
    print(f"the database is at revision {newest()}")
