"""The journal's engines, each over its real servers."""

import itertools
import time

import pytest
from msgspec.structs import replace

from everyleg.store.journal.jetstream import JetStreamJournal
from everyleg.store.settings import store_settings
from tests.factories.nats import Nats

_serial = itertools.count()


class Patient(JetStreamJournal):
    """An engine that waits until the servers, which a busy machine may hold up, have agreed on who leads."""

    waits = True

    def append(self, entries, patience=None):
        self._agreed()
        super().append(entries, patience)

    def fill(self):
        self._agreed()
        count = super().fill()
        while self.waits and self.lag().bundles:
            count += super().fill()
        return count

    def _agreed(self):
        end = time.monotonic() + 30
        while self.waits:
            try:
                self._wait_for(self._information(), 5.0)
            except Exception:
                assert time.monotonic() < end
                time.sleep(0.1)
            else:
                return


@pytest.fixture(scope="session")
def nats():
    with Nats(3) as servers:
        yield servers


@pytest.fixture
def log(nats, database, folder):
    """Makes engines over one log and one spool, as so many processes."""
    opened = []
    found = store_settings({**nats.environment, "EVERYLEG_DATA": str(folder)}).jetstream
    settings = replace(found, spool=folder / "spool", stream=f"log_{next(_serial)}")

    def make(**changed):
        opened.append(Patient(database, database.keys, replace(settings, **changed)))
        opened[-1].waits = not changed
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture(params=["postgres", "jetstream"])
def journal(request, database):
    if request.param == "postgres":
        yield database.journal
    else:
        yield request.getfixturevalue("log")()
