"""The store as the commands open it: named by the environment, its troubles in one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from msgspec import Struct
from psycopg import Connection

from everyleg.accounts import workspaces
from everyleg.accounts.actors import Actor, command_line
from everyleg.accounts.errors import AccountsError, UnknownError
from everyleg.cli.io import UserError
from everyleg.store.db import Database, connect
from everyleg.store.errors import StoreError
from everyleg.store.sealing import Keyring
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


@contextmanager
def workspace_named(slug: str | None) -> Iterator[tuple[Database, int]]:
    """The store and the id of the workspace that is meant; what is refused becomes one line.

    Args:
        slug: its slug; None: the only one there is, made when there is none.
    """
    with opened_store() as database:
        try:
            yield database, _workspace(database, slug)
        except (AccountsError, ValueError) as error:
            raise UserError(str(error)) from error
        except psycopg.errors.NumericValueOutOfRange as error:
            raise UserError("a number is too large; give a smaller one") from error


def _workspace(database: Database, slug: str | None) -> int:
    if slug is None and workspaces.first_run(database):
        workspaces.default(database)
    return workspaces.named(database, slug).workspace_id


class Acting(Struct, frozen=True):
    """Somebody at the machine's shell, within a workspace."""

    connection: Connection[Any]
    """In a transaction of the app."""
    keys: Keyring
    actor: Actor

    @property
    def workspace(self) -> int:
        """The workspace's id."""
        return self.actor.workspace

    @property
    def at(self) -> tuple[Connection[Any], Keyring, Actor]:
        """What every change of an account begins with."""
        return self.connection, self.keys, self.actor


@contextmanager
def acting(slug: str | None) -> Iterator[Acting]:
    """One transaction in the workspace that is meant; refusals as `workspace_named`."""
    with workspace_named(slug) as (database, workspace), database.transaction(workspace) as connection:
        yield Acting(connection, database.keys, command_line(workspace))
