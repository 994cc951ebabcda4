"""The demo's owner. The password is drawn once and lies beside the data, so that a second start can say it again."""

import secrets
from pathlib import Path

import msgspec
from msgspec import Struct

from everyleg.accounts import people
from everyleg.accounts.errors import UnknownError
from everyleg.accounts.passwords import Passwords
from everyleg.accounts.people import NewPerson
from everyleg.store.db import Database

EMAIL = "demo@example.com"
_FILE = "demo-login.json"


class Login(Struct, frozen=True):
    """What one signs in with."""

    email: str
    password: str


def demo_login(database: Database, workspace: int, data: Path) -> Login:
    """The demo owner's login; made, or given a new password, where the file in the data directory is missing.

    Whoever changed the password in the pages keeps it; then the file says the old one.
    """
    file = data / _FILE
    if _there(database, workspace) and file.exists():
        return msgspec.json.decode(file.read_bytes(), type=Login)
    login = Login(EMAIL, "-".join(["demo", secrets.token_hex(3), secrets.token_hex(3)]))
    people.make_owner(database, Passwords(), workspace, NewPerson(login.email, "Demo", login.password))
    data.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.encode(login))
    return login


def _there(database: Database, workspace: int) -> bool:
    with database.transaction(workspace) as app:
        try:
            people.find(app, database.keys, workspace, EMAIL)
        except UnknownError:
            return False
    return True
