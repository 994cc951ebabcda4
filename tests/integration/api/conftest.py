"""The API over the tests' own database; callers with a key of a workspace."""

import pytest

from tests.factories.api import api, caller, key, serving


@pytest.fixture(scope="module")
def address(database):
    with serving(api(database)) as found:
        yield found


@pytest.fixture
def enter(address, database):
    """Gives a caller with a key of these scopes."""
    opened = []

    def entered(workspace, *scopes):
        opened.append(caller(address, key(database, workspace, *scopes)))
        return opened[-1]

    yield entered
    for client in opened:
        client.close()


@pytest.fixture
def shop(enter, workspace):
    """A caller that may do everything in the workspace."""
    return enter(workspace)


@pytest.fixture
def nobody(address):
    with caller(address) as client:
        yield client
