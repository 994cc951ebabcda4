"""People of a workspace, quickly hashed."""

import datetime as dt
import itertools

import pytest
from argon2 import PasswordHasher

from everyleg.accounts import people, sessions
from everyleg.accounts.passwords import Passwords
from everyleg.accounts.people import NewPerson, Place

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
PASSWORD = "correct horse battery"  # noqa: S105
HASHER = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
_serial = itertools.count()


def minutes(number):
    return NOW + dt.timedelta(minutes=number)


def an_address():
    return f"person{next(_serial)}@example.com"


class Team:
    """Makes people of a workspace."""

    def __init__(self, database, workspace):
        self.database, self.workspace = database, workspace

    def add(self, role="operator", shop_ids=None, email=None, words=PASSWORD, workspace=None, like=None):
        """Somebody new; with the password hash that another account of theirs has (`like`)."""
        new = NewPerson(email or an_address(), "Li Na", words)
        with self.database.transaction(None, "worker") as worker:
            place = Place(workspace or self.workspace, role, shop_ids)
            query = "SELECT password_hash FROM people WHERE person_id = %s"
            stored = worker.execute(query, (like.person_id,)).fetchone()[0] if like else HASHER.hash(words)
            person_id = people.add(worker, self.database.keys, new, place, stored)
        return self.person(person_id, place.workspace)

    def person(self, person_id, workspace=None):
        workspace = workspace or self.workspace
        with self.database.transaction(workspace) as app:
            query = f"SELECT {people.COLUMNS} FROM people p WHERE p.person_id = %s"  # noqa: S608
            row = app.execute(query, (person_id,)).fetchone()
        return people.person_of(self.database.keys, workspace, row)

    def sign_in(self, person, now=NOW, words=PASSWORD, client=None):
        client = client or sessions.Client("192.0.2.7", "Browser/1")
        return sessions.sign_in(self.database, HASHER, person.email, words, now, client)

    def shop(self, name):
        with self.database.transaction(self.workspace) as app:
            insert = "INSERT INTO shops (workspace_id, name) VALUES (%s, %s) RETURNING shop_id"
            return app.execute(insert, (self.workspace, name)).fetchone()[0]


@pytest.fixture
def team(database, workspace):
    # tries are counted for the whole installation, which these tests share
    with database.transaction(None, "worker") as worker:
        worker.execute("DELETE FROM attempts")
    return Team(database, workspace)
