"""The store as the commands open it: named by the environment, its troubles in one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from everyleg.accounts import workspaces
from everyleg.accounts.errors import UnknownError
from everyleg.cli.io import UserError
from everyleg.store.db import Database, connect
from everyleg.store.errors import StoreError
from everyleg.store.settings import store_settings


@contextmanager
def opened_store() -> Iterator[Database]:
    """The store that the environment names, closed at the end of the block.

    Raises:
        UserError: it cannot be used; the text says why and what to do.
    """
    try:
        with connect(store_settings(os.environ)) as database:
            yield database
    except StoreError as error:
        raise UserError(str(error)) from error
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"the database does not answer: {reason}; see that it runs, or mend EVERYLEG_DATABASE_URL"
        ) from error


def default_workspace(database: Database, slug: str | None = None) -> int:
    """The id of the workspace that is meant: the one named, else the only or oldest one, else a new one called `main`.

    Raises:
        UserError: when nobody has the slug.
    """
    if slug is None:
        return workspaces.default(database)
    try:
        return workspaces.named(database, slug).workspace_id
    except UnknownError as error:
        raise UserError(str(error)) from error
