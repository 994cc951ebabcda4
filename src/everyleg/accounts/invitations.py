"""Invitations by link: what somebody gets who has it, once; shown once, kept as a hash."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts import addresses, audit, passwords, people, sessions
from everyleg.accounts.actors import Actor
from everyleg.accounts.audit import Subject
from everyleg.accounts.errors import BadPasswordError, GoneError, NotAllowedError, UnknownError
from everyleg.accounts.passwords import Passwords
from everyleg.accounts.people import NewPerson, Place
from everyleg.accounts.roles import Permission, Role
from everyleg.accounts.sessions import Client, SignedIn
from everyleg.accounts.tokens import new_token, read_token
from everyleg.store.db import Database
from everyleg.store.sealing import Keyring, about_column

LASTS = timedelta(days=7)
"""How long an invitation can be accepted."""


class Offer(Struct, frozen=True):
    """What somebody is invited to."""

    role: Role
    shop_ids: tuple[int, ...] | None = None
    """Limits to shops; None: every shop."""
    email: str | None = None
    """Whose it is; None: whoever has the link."""


class Invitation(Struct, frozen=True):
    """An invitation that waits for its answer."""

    invitation_id: int
    workspace: int
    offer: Offer
    invited_by: int | None
    expires_at: datetime


class Invited(Struct, frozen=True):
    """An invitation just made; the token is shown this once, as part of a link."""

    token: str
    invitation: Invitation


_INSERT = """
INSERT INTO invitations (workspace_id, token_hash, email, role, shop_ids, invited_by, created_at, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING invitation_id
"""

_COLUMNS = "invitation_id, role, shop_ids, email, invited_by, expires_at"


def make(connection: Connection[Any], keys: Keyring, actor: Actor, offer: Offer, now: datetime) -> Invited:
    """Invite somebody.

    Raises:
        NotAllowedError: the actor may not invite, or has less than the offer.
        BadAddressError: the address is none.
        UnknownError: a shop is not in the workspace.
    """
    actor.require_over(offer.role, offer.shop_ids)
    workspace, token = actor.workspace, new_token(actor.workspace)
    _see_shops(connection, workspace, offer.shop_ids)
    email = addresses.check(offer.email) if offer.email else None
    sealed = keys.seal_text(email, about_column(workspace, "invitations.email"))
    by = actor.actor_id if actor.kind == "person" else None
    shop_ids = None if offer.shop_ids is None else list(offer.shop_ids)
    values = (workspace, token.hash, sealed, offer.role, shop_ids, by, now, now + LASTS)
    row = connection.execute(_INSERT, values).fetchone()
    assert row is not None  # noqa: S101 (an INSERT without a condition)
    detail = {"role": offer.role, "shop_ids": shop_ids}
    audit.note(connection, keys, actor, "invitation.made", Subject("invitation", row[0]), detail)
    return Invited(str(token), Invitation(row[0], workspace, offer, by, now + LASTS))


def _see_shops(connection: Connection[Any], workspace: int, shop_ids: tuple[int, ...] | None) -> None:
    if shop_ids is None:
        return
    query = "SELECT count(*) FROM shops WHERE workspace_id = %s AND shop_id = ANY(%s)"
    row = connection.execute(query, (workspace, list(shop_ids))).fetchone()
    if row is None or row[0] != len(set(shop_ids)):
        raise UnknownError("not all of these shops are in the workspace; name shops that are")


def look(database: Database, token: str, now: datetime) -> Invitation | None:
    """The invitation of a link, while it can be accepted."""
    read = read_token(token)
    if read is None:
        return None
    with database.transaction(read.workspace) as app:
        row = app.execute(
            f"SELECT {_COLUMNS} FROM invitations"  # noqa: S608 (fixed text)
            " WHERE workspace_id = %s AND token_hash = %s AND accepted_at IS NULL AND expires_at > %s",
            (read.workspace, read.hash, now),
        ).fetchone()
    return _invitation(database.keys, read.workspace, row) if row else None


def listed(connection: Connection[Any], keys: Keyring, workspace: int, now: datetime) -> list[Invitation]:
    """The invitations that wait for their answer, newest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM invitations"  # noqa: S608 (fixed text)
        " WHERE workspace_id = %s AND accepted_at IS NULL AND expires_at > %s ORDER BY invitation_id DESC",
        (workspace, now),
    )
    return [_invitation(keys, workspace, row) for row in rows]


def _invitation(keys: Keyring, workspace: int, row: tuple[Any, ...]) -> Invitation:
    invitation_id, role, shop_ids, sealed, invited_by, expires_at = row
    email = keys.open_text(sealed, about_column(workspace, "invitations.email"))
    offer = Offer(role, None if shop_ids is None else tuple(shop_ids), email)
    return Invitation(invitation_id, workspace, offer, invited_by, expires_at)


def withdraw(connection: Connection[Any], keys: Keyring, actor: Actor, invitation_id: int) -> None:
    """Take an invitation back; the link leads nowhere from then on.

    Raises:
        NotAllowedError: the actor may not manage people.
    """
    actor.require(Permission.MANAGE_PEOPLE)
    connection.execute(
        "DELETE FROM invitations WHERE workspace_id = %s AND invitation_id = %s AND accepted_at IS NULL",
        (actor.workspace, invitation_id),
    )
    audit.note(connection, keys, actor, "invitation.withdrawn", Subject("invitation", invitation_id))


_ACCEPT = """
UPDATE invitations SET accepted_at = %s, email = NULL
WHERE workspace_id = %s AND token_hash = %s AND accepted_at IS NULL AND expires_at > %s
RETURNING role, shop_ids
"""


def accept(
    database: Database, hasher: Passwords, token: str, new: NewPerson, now: datetime, client: Client
) -> SignedIn:
    """Make the account that a link offers, and sign in. Who has an account elsewhere gives that one's password.

    Raises:
        GoneError: the link was used, withdrawn or has expired.
        NotAllowedError: the invitation is for another address.
        BadAddressError, BadPasswordError: as said.
        TooManyTriesError: the password of an address was guessed at too often.
        TakenError: the address has an account in this workspace.
    """
    read, invitation = read_token(token), look(database, token, now)
    if read is None or invitation is None:
        raise _gone()
    meant = invitation.offer.email
    if meant and addresses.fold(meant) != addresses.fold(new.email):
        raise NotAllowedError("this invitation is for another address; use that one, or ask for another invitation")
    password_hash = _password_hash(database, hasher, new, client, now)
    with database.transaction(None, "worker") as worker:
        row = worker.execute(_ACCEPT, (now, read.workspace, read.hash, now)).fetchone()
        if row is None:
            raise _gone()
        place = Place(read.workspace, row[0], None if row[1] is None else tuple(row[1]))
        person_id = people.add(worker, database.keys, new, place, password_hash)
        detail = {"invitation": invitation.invitation_id, "invited_by": invitation.invited_by}
        signed_in = sessions.start(worker, database.keys, (read.workspace, person_id), client, now)
        actor = signed_in.person.actor(client.ip)
        audit.note(worker, database.keys, actor, "invitation.accepted", Subject("person", person_id), detail)
        return signed_in


def _gone() -> GoneError:
    return GoneError("this invitation was used, taken back, or has expired; ask for another one")


def _password_hash(database: Database, hasher: Passwords, new: NewPerson, client: Client, now: datetime) -> str:
    """The hash that the address has elsewhere, once its password is given; else that of a new one."""
    address = addresses.check(new.email)
    sessions.spend_tries(database, address, client, now)
    with database.transaction(None, "worker") as worker:
        row = worker.execute(
            "SELECT password_hash FROM people WHERE email_hash = %s AND password_hash IS NOT NULL LIMIT 1",
            (addresses.digest(database.keys, address),),
        ).fetchone()
    if row is None:
        passwords.check(new.password, address)
        return hasher.hash(new.password)
    if not hasher.fits(row[0], new.password):
        raise BadPasswordError("this address has an account already; give the password of that account")
    return str(row[0])
