"""People of a workspace: made, listed, changed, disabled.

One address has one password, whatever workspaces it has accounts in: so signing in compares with one hash, and the time
it takes tells nobody how many there are.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts import addresses, audit, passwords
from everyleg.accounts.actors import Actor, command_line
from everyleg.accounts.audit import Subject
from everyleg.accounts.errors import LastOwnerError, TakenError, UnknownError
from everyleg.accounts.passwords import Passwords
from everyleg.accounts.roles import PERMISSIONS, Permission, Role
from everyleg.accounts.texts import one_line
from everyleg.store.db import Database
from everyleg.store.sealing import Keyring, about_column

_ONE_OWNER_FIRST = 0x65766C6F
"""Advisory lock (`evlo`): the first owner is made once, whoever asks at the same time."""


class Person(Struct, frozen=True):
    """An account: one person in one workspace."""

    workspace: int
    person_id: int
    email: str | None
    """None once erased."""
    name: str | None
    role: Role
    shop_ids: tuple[int, ...] | None
    """Limits to shops; None: every shop."""
    language: str | None
    time_zone: str | None
    last_seen_at: datetime | None = None
    disabled_at: datetime | None = None

    def may(self, permission: Permission) -> bool:
        """Whether their role lets them."""
        return permission in PERMISSIONS[self.role]

    def actor(self, ip: str | None = None) -> Actor:
        """Them as who acts, from an address."""
        return Actor(self.workspace, "person", self.person_id, PERMISSIONS[self.role], self.shop_ids, ip)


COLUMNS = "p.person_id, p.email, p.name, p.role, p.shop_ids, p.language, p.time_zone, p.last_seen_at, p.disabled_at"
"""What `person_of` reads, of `people p`."""


def person_of(keys: Keyring, workspace: int, row: tuple[Any, ...]) -> Person:
    """A person from a row of `COLUMNS`."""
    person_id, email, name, role, shop_ids, *rest = row
    return Person(
        workspace,
        person_id,
        keys.open_text(email, about_column(workspace, "people.email")),
        keys.open_text(name, about_column(workspace, "people.name")),
        role,
        None if shop_ids is None else tuple(shop_ids),
        *rest,
    )


class NewPerson(Struct, frozen=True):
    """What somebody who gets an account says of themselves."""

    email: str
    name: str
    """Empty: as they are called already, else by the first part of the address."""
    password: str
    language: str | None = None
    time_zone: str | None = None


class Place(Struct, frozen=True):
    """Where somebody stands in a workspace."""

    workspace: int
    role: Role
    shop_ids: tuple[int, ...] | None = None


_INSERT = """
INSERT INTO people (workspace_id, email, email_hash, name, role, shop_ids, password_hash, language, time_zone)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, email_hash) DO NOTHING RETURNING person_id
"""


def add(worker: Connection[Any], keys: Keyring, new: NewPerson, place: Place, password_hash: str) -> int:
    """Insert an account and give its id; what else must hold is the caller's.

    Raises:
        BadAddressError: not an e-mail address.
        TakenError: the address has an account in this workspace.
    """
    address, workspace = addresses.check(new.email), place.workspace
    who = (
        keys.seal_text(address, about_column(workspace, "people.email")),
        addresses.digest(keys, address),
        keys.seal_text(one_line(new.name) or address.partition("@")[0], about_column(workspace, "people.name")),
    )
    shop_ids = None if place.shop_ids is None else list(place.shop_ids)
    values = (workspace, *who, place.role, shop_ids, password_hash, new.language, new.time_zone)
    row = worker.execute(_INSERT, values).fetchone()
    if row is None:
        raise TakenError("this address has an account in the workspace already; sign in with it")
    return int(row[0])


_CHANGE_HASH = """
WITH changed AS (
    UPDATE people SET password_hash = %(new)s
    WHERE email_hash = %(email)s AND (%(old)s::text IS NULL OR password_hash = %(old)s)
    RETURNING workspace_id, person_id)
DELETE FROM sessions s USING changed c WHERE (s.workspace_id, s.person_id) = (c.workspace_id, c.person_id)
"""


def set_password(worker: Connection[Any], keys: Keyring, address: str, new: str, old: str | None = None) -> None:
    """Give the accounts of an address another password (hashes), and end their sessions.

    Args:
        worker: a worker's connection.
        keys: for the digest of the address.
        address: whose.
        new: the new hash.
        old: the hash that the accounts have whose owner asks; None: all of the address, whoever made them.
    """
    worker.execute(_CHANGE_HASH, {"email": addresses.digest(keys, address), "new": new, "old": old})


def make_owner(
    database: Database, hasher: Passwords, workspace: int, new: NewPerson, *, only_first: bool = False
) -> int:
    """Make an owner and give their id; who has an account becomes an owner again, with the new password.

    Args:
        database: the store.
        hasher: for the password.
        workspace: whose owner.
        new: who.
        only_first: for the page of the first run: somebody else may be as quick.

    Raises:
        BadAddressError, BadPasswordError: as said.
        TakenError: `only_first`, and there is an owner.
    """
    passwords.check(new.password, addresses.check(new.email))
    password_hash = hasher.hash(new.password)
    with database.transaction(None, "worker") as worker:
        if only_first:
            worker.execute("SELECT pg_advisory_xact_lock(%s)", (_ONE_OWNER_FIRST,))
            if worker.execute("SELECT FROM people WHERE role = 'owner' LIMIT 1").fetchone() is not None:
                raise TakenError("there is an owner already; sign in, or ask them for an invitation")
        person_id = _promoted(worker, database.keys, workspace, new)
        if person_id is None:
            person_id = add(worker, database.keys, new, Place(workspace, "owner"), password_hash)
        set_password(worker, database.keys, new.email, password_hash)
        actor = Actor(workspace, "person", person_id) if only_first else command_line(workspace)
        audit.note(worker, database.keys, actor, "person.made_owner", Subject("person", person_id))
    return person_id


def _promoted(worker: Connection[Any], keys: Keyring, workspace: int, new: NewPerson) -> int | None:
    row = worker.execute(
        "UPDATE people SET role = 'owner', shop_ids = NULL, disabled_at = NULL, name = coalesce(%s, name)"
        " WHERE workspace_id = %s AND email_hash = %s RETURNING person_id",
        (
            keys.seal_text(one_line(new.name) or None, about_column(workspace, "people.name")),
            workspace,
            addresses.digest(keys, new.email),
        ),
    ).fetchone()
    return row[0] if row else None


def listed(connection: Connection[Any], keys: Keyring, workspace: int) -> list[Person]:
    """Everybody in a workspace, disabled ones last, else in order of coming; erased ones are left out."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM people p WHERE p.workspace_id = %s AND p.email IS NOT NULL"  # noqa: S608
        " ORDER BY p.disabled_at IS NOT NULL, p.person_id",
        (workspace,),
    )
    return [person_of(keys, workspace, row) for row in rows]


def find(connection: Connection[Any], keys: Keyring, workspace: int, address: str) -> Person:
    """The account of an address in a workspace.

    Raises:
        UnknownError: it has none.
    """
    row = connection.execute(
        f"SELECT {COLUMNS} FROM people p WHERE p.workspace_id = %s AND p.email_hash = %s",  # noqa: S608
        (workspace, addresses.digest(keys, address)),
    ).fetchone()
    if row is None:
        raise UnknownError("nobody of that address is in the workspace; `everyleg people list` shows who is")
    return person_of(keys, workspace, row)


def change(connection: Connection[Any], keys: Keyring, actor: Actor, person_id: int, place: Place) -> None:
    """Give somebody another role or other shops.

    Raises:
        NotAllowedError: the actor has less than they had, or than they are to get.
        LastOwnerError: nobody would be owner.
        UnknownError: there is no such person.
    """
    before = _over(connection, actor, person_id)
    actor.require_over(place.role, place.shop_ids)
    shop_ids = None if place.shop_ids is None else list(place.shop_ids)
    connection.execute(
        "UPDATE people SET role = %s, shop_ids = %s WHERE workspace_id = %s AND person_id = %s",
        (place.role, shop_ids, actor.workspace, person_id),
    )
    if place.role != "owner":
        see_that_an_owner_stays(connection, actor.workspace)
    detail = {"role": [before, place.role], "shop_ids": shop_ids}
    audit.note(connection, keys, actor, "person.changed", Subject("person", person_id), detail)


def disable(connection: Connection[Any], keys: Keyring, actor: Actor, person_id: int, now: datetime) -> None:
    """Shut somebody out at once; what they did stays.

    Raises:
        NotAllowedError: they have more than the actor.
        LastOwnerError: nobody would be owner.
        UnknownError: there is no such person.
    """
    _over(connection, actor, person_id)
    key = (actor.workspace, person_id)
    connection.execute(
        "UPDATE people SET disabled_at = %s WHERE workspace_id = %s AND person_id = %s AND disabled_at IS NULL",
        (now, *key),
    )
    see_that_an_owner_stays(connection, actor.workspace)
    connection.execute("DELETE FROM sessions WHERE workspace_id = %s AND person_id = %s", key)
    audit.note(connection, keys, actor, "person.disabled", Subject("person", person_id))


def enable(connection: Connection[Any], keys: Keyring, actor: Actor, person_id: int) -> None:
    """Let somebody in again.

    Raises:
        NotAllowedError: they have more than the actor.
        UnknownError: there is no such person.
    """
    _over(connection, actor, person_id)
    connection.execute(
        "UPDATE people SET disabled_at = NULL WHERE workspace_id = %s AND person_id = %s AND email IS NOT NULL",
        (actor.workspace, person_id),
    )
    audit.note(connection, keys, actor, "person.enabled", Subject("person", person_id))


def _over(connection: Connection[Any], actor: Actor, person_id: int) -> Role:
    """The person's role, held until the transaction ends, once the actor is seen to have all that they have."""
    row = connection.execute(
        "SELECT role, shop_ids FROM people WHERE workspace_id = %s AND person_id = %s FOR UPDATE",
        (actor.workspace, person_id),
    ).fetchone()
    actor.require(Permission.MANAGE_PEOPLE)
    if row is None:
        raise UnknownError("there is no such person in the workspace")
    role: Role = row[0]
    actor.require_over(role, None if row[1] is None else tuple(row[1]))
    return role


def see_that_an_owner_stays(connection: Connection[Any], workspace: int) -> None:
    """Two owners who shut each other out at the same time meet at this lock: the second is refused."""
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_ONE_OWNER_FIRST, workspace))
    row = connection.execute(
        "SELECT FROM people WHERE workspace_id = %s AND role = 'owner' AND disabled_at IS NULL LIMIT 1", (workspace,)
    ).fetchone()
    if row is None:
        raise LastOwnerError("the workspace would have no owner; make somebody else an owner first")
