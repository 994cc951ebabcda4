"""The vocabulary that ships is the one that was agreed on."""

from importlib import resources

import pytest

from everyleg.app.settings import shared_folder

SHARED = shared_folder()


@pytest.mark.skipif(SHARED is None, reason="no shared reference: set EVERYLEG_SHARED or put it beside the checkout")
@pytest.mark.parametrize("name", ["statuses.csv", "statuses_inbound.csv"])
def test_the_table_that_ships_is_the_table_of_reference(name):
    ours = resources.files("everyleg.core").joinpath("data", name).read_text(encoding="utf-8-sig")
    assert ours == (SHARED / "reference" / name).read_text(encoding="utf-8-sig")
