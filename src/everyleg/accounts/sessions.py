"""Sessions: a random token in a cookie, of which only the hash is kept; it names its workspace.

Signing in is the one thing that looks across workspaces: it is by address, as a worker.
"""

import hmac
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts import addresses, attempts, audit, passwords, people
from everyleg.accounts.attempts import Limit
from everyleg.accounts.errors import BadPasswordError, UnknownError
from everyleg.accounts.passwords import Passwords
from everyleg.accounts.people import Person
from everyleg.accounts.tokens import Token, new_token, read_token
from everyleg.store.db import Database
from everyleg.store.sealing import Keyring, about_column

ABSOLUTE, IDLE = timedelta(days=30), timedelta(days=7)
"""A session ends so long after sign-in, and so long after it was last used."""

_SEEN_EVERY = timedelta(minutes=1)
"""How often at most it is written that a session is in use."""

PER_ADDRESS = Limit("sign-in by address", 10, timedelta(seconds=30))
PER_SOURCE = Limit("sign-in by source", 30, timedelta(seconds=10))
"""How often signing in may be tried."""


class Client(Struct, frozen=True):
    """Where a request comes from."""

    ip: str | None = None
    user_agent: str | None = None


class SignedIn(Struct, frozen=True):
    """A session that was just made; the token is shown this once."""

    token: str
    person: Person


class Account(Struct, frozen=True):
    """Another account of the same address."""

    workspace: int
    person_id: int
    workspace_name: str


class _Found(Struct, frozen=True):
    workspace: int
    person_id: int
    password_hash: str | None


_BY_ADDRESS = """
SELECT workspace_id, person_id, password_hash FROM people
WHERE email_hash = %s AND disabled_at IS NULL AND password_hash IS NOT NULL
ORDER BY last_seen_at DESC NULLS LAST, person_id
"""


def sign_in(
    database: Database, hasher: Passwords, address: str, password: str, now: datetime, client: Client
) -> SignedIn | None:
    """Sign in with address and password; None when they do not fit, whether or not the address is known.

    Of several accounts the one used last is entered; `accounts` tells of the others, `switch` goes there.

    Raises:
        TooManyTriesError: from this source or for this address, known or not.
    """
    spend_tries(database, address, client, now)
    with database.transaction(None, "worker") as worker:
        row = worker.execute(_BY_ADDRESS, (addresses.digest(database.keys, address),)).fetchone()
    found = _Found(*row) if row else None
    if not hasher.fits(found.password_hash if found else None, password) or found is None:
        return None
    outdated = found.password_hash is not None and hasher.outdated(found.password_hash)
    renewed = hasher.hash(password) if outdated else None
    with database.transaction(None, "worker") as worker:
        attempts.forget(worker, database.keys, PER_ADDRESS, addresses.fold(address))
        if renewed:
            worker.execute(
                "UPDATE people SET password_hash = %s WHERE email_hash = %s AND password_hash = %s",
                (renewed, addresses.digest(database.keys, address), found.password_hash),
            )
        return start(worker, database.keys, (found.workspace, found.person_id), client, now)


def spend_tries(database: Database, address: str, client: Client, now: datetime) -> None:
    """Count a try to prove who one is, for the source and for the address.

    Raises:
        TooManyTriesError: it may not be tried now.
    """
    with database.transaction(None, "worker") as worker:
        if client.ip:
            attempts.spend(worker, database.keys, PER_SOURCE, _source(client.ip), now)
        attempts.spend(worker, database.keys, PER_ADDRESS, addresses.fold(address), now)


def _source(ip: str) -> str:
    """What one source is: an IPv4 address, or the /64 that one subscriber of IPv6 has."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return str(address)


_CAME = f"""
UPDATE people p SET last_seen_at = %s WHERE p.workspace_id = %s AND p.person_id = %s RETURNING {people.COLUMNS}
"""  # noqa: S608 (fixed text)


def start(
    connection: Connection[Any], keys: Keyring, account: tuple[int, int], client: Client, now: datetime
) -> SignedIn:
    """Make a session of an account (workspace, person) that has proven who it is."""
    workspace, person_id = account
    token = new_token(workspace)
    connection.execute(
        "INSERT INTO sessions (workspace_id, token_hash, person_id, ip, user_agent, created_at, seen_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            workspace,
            token.hash,
            person_id,
            keys.seal_text(client.ip, about_column(workspace, "sessions.ip")),
            keys.seal_text((client.user_agent or "")[:300] or None, about_column(workspace, "sessions.user_agent")),
            now,
            now,
            now + ABSOLUTE,
        ),
    )
    row = connection.execute(_CAME, (now, workspace, person_id)).fetchone()
    assert row is not None  # noqa: S101 (the session's foreign key holds it)
    person = people.person_of(keys, workspace, row)
    audit.note(connection, keys, person.actor(client.ip), "person.signed_in", audit.Subject("person", person_id))
    return SignedIn(str(token), person)


_WHO = f"""
SELECT s.seen_at, {people.COLUMNS}
FROM sessions s JOIN people p ON (p.workspace_id, p.person_id) = (s.workspace_id, s.person_id)
WHERE s.workspace_id = %(workspace)s AND s.token_hash = %(hash)s
  AND s.expires_at > %(now)s AND s.seen_at > %(idle)s AND p.disabled_at IS NULL
"""  # noqa: S608 (fixed text)

_SEEN = """
WITH used AS (
    UPDATE sessions SET seen_at = %(now)s WHERE workspace_id = %(workspace)s AND token_hash = %(hash)s
    RETURNING person_id)
UPDATE people p SET last_seen_at = %(now)s FROM used
WHERE p.workspace_id = %(workspace)s AND p.person_id = used.person_id
"""


def who(database: Database, token: str, now: datetime) -> Person | None:
    """Whose session a token is; None when it is nobody's, has ended, or was not used for too long.

    One look-up by primary key; once a minute at most it also writes that the session is in use.
    """
    read = read_token(token)
    if read is None:
        return None
    with database.transaction(read.workspace) as app:
        asked = {"workspace": read.workspace, "hash": read.hash, "now": now, "idle": now - IDLE}
        row = app.execute(_WHO, asked).fetchone()
        if row is None:
            return None
        if now - row[0] >= _SEEN_EVERY:
            app.execute(_SEEN, asked)
    return people.person_of(database.keys, read.workspace, row[1:])


def csrf(token: str) -> str:
    """What a form carries to show that it comes from one of our pages in this session."""
    read = read_token(token)
    return read.derive("csrf") if read else ""


def csrf_fits(token: str, given: str) -> bool:
    """Whether a form's token is that of the session."""
    expected = csrf(token)
    return bool(expected) and hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


class Session(Struct, frozen=True):
    """A place where somebody is signed in."""

    ip: str | None
    user_agent: str | None
    created_at: datetime
    seen_at: datetime
    this: bool
    """Whether it is the one that asks."""


def listed(database: Database, token: str, person: Person, now: datetime) -> list[Session]:
    """Where a person is signed in, the last used first."""
    this, workspace = read_token(token), person.workspace
    with database.transaction(workspace) as app:
        rows = app.execute(
            "SELECT ip, user_agent, created_at, seen_at, token_hash FROM sessions"
            " WHERE workspace_id = %s AND person_id = %s AND expires_at > %s AND seen_at > %s ORDER BY seen_at DESC",
            (workspace, person.person_id, now, now - IDLE),
        ).fetchall()
    return [
        Session(
            database.keys.open_text(ip, about_column(workspace, "sessions.ip")),
            database.keys.open_text(agent, about_column(workspace, "sessions.user_agent")),
            created_at,
            seen_at,
            this is not None and token_hash == this.hash,
        )
        for ip, agent, created_at, seen_at, token_hash in rows
    ]


def sign_out(database: Database, token: str) -> None:
    """End a session; one that has ended stays so."""
    read = read_token(token)
    if read:
        with database.transaction(read.workspace) as app:
            _end(app, read)


def sign_out_everywhere(database: Database, person: Person) -> None:
    """End all sessions of an account, this one too."""
    with database.transaction(person.workspace) as app:
        key = (person.workspace, person.person_id)
        app.execute("DELETE FROM sessions WHERE workspace_id = %s AND person_id = %s", key)
        audit.note(app, database.keys, person.actor(), "person.signed_out_everywhere")


def _end(connection: Connection[Any], token: Token) -> None:
    key = (token.workspace, token.hash)
    connection.execute("DELETE FROM sessions WHERE workspace_id = %s AND token_hash = %s", key)


class PasswordChange(Struct, frozen=True):
    """What somebody says who wants another password."""

    old: str
    new: str


def change_password(
    database: Database, hasher: Passwords, person: Person, asked: PasswordChange, client: Client, now: datetime
) -> SignedIn:
    """Change the password of all accounts of a person's address; ends all their sessions and starts a new one here.

    Raises:
        BadPasswordError: the old one is wrong, or the new one may not be chosen.
        TooManyTriesError: the old one was guessed at too often.
    """
    address = person.email or ""
    passwords.check(asked.new, address)
    spend_tries(database, address, client, now)
    stored = _password_of(database, person)
    if not hasher.fits(stored, asked.old):
        raise BadPasswordError("that is not your password now; give the one you signed in with")
    password_hash = hasher.hash(asked.new)
    with database.transaction(None, "worker") as worker:
        people.set_password(worker, database.keys, address, password_hash, stored)
        attempts.forget(worker, database.keys, PER_ADDRESS, addresses.fold(address))
        subject = audit.Subject("person", person.person_id)
        audit.note(worker, database.keys, person.actor(client.ip), "person.password_changed", subject)
        return start(worker, database.keys, (person.workspace, person.person_id), client, now)


def _password_of(database: Database, person: Person) -> str | None:
    with database.transaction(person.workspace) as app:
        row = app.execute(
            "SELECT password_hash FROM people WHERE workspace_id = %s AND person_id = %s",
            (person.workspace, person.person_id),
        ).fetchone()
    return row[0] if row else None


_ACCOUNTS = """
SELECT o.workspace_id, o.person_id, w.name
FROM people p JOIN people o ON o.email_hash = p.email_hash JOIN workspaces w ON w.workspace_id = o.workspace_id
WHERE p.workspace_id = %s AND p.person_id = %s AND o.password_hash = p.password_hash AND o.disabled_at IS NULL
ORDER BY o.workspace_id
"""


def accounts(database: Database, person: Person) -> list[Account]:
    """All accounts of a person's address that have the same password, this one too."""
    with database.transaction(None, "worker") as worker:
        return [Account(*row) for row in worker.execute(_ACCOUNTS, (person.workspace, person.person_id))]


def switch(database: Database, token: str, workspace: int, client: Client, now: datetime) -> SignedIn:
    """Go to one's account in another workspace: a new session there, this one ends.

    Raises:
        UnknownError: the session has ended, or there is no such account.
    """
    person, read = who(database, token, now), read_token(token)
    there = accounts(database, person) if person else []
    account = next((one for one in there if one.workspace == workspace), None)
    if account is None or read is None:
        raise UnknownError("you have no account there; ask for an invitation")
    with database.transaction(None, "worker") as worker:
        _end(worker, read)
        return start(worker, database.keys, (account.workspace, account.person_id), client, now)
