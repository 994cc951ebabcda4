"""What an aggregator pushes is not asked of it besides, as long as it goes on pushing."""

import datetime as dt
from decimal import Decimal

import pytest

from everyleg.pipeline.ages import CHECK_NOW
from everyleg.planner.routing.router import PUSH_FRESH
from tests.integration.outbound.servers import serving

from .aggregators import Kuaidi100, SeventeenTrack
from .followed import YANWEN, Life

HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
CALLBACK = {"callback_url": "https://us.example/in/kuaidi100/x", "salt": "s"}


@pytest.fixture
def life(database, workspace):
    return Life(database, workspace)


def saved(life):
    """Questions that pushes made needless, and their money."""
    return life.rows("SELECT times, money FROM spending WHERE workspace_id = %s AND what = 'saved'")


def test_17track_is_asked_again_only_after_half_a_day_without_a_push(life):
    track = SeventeenTrack()
    with serving(track) as server:
        life.account(server)
        life.followed("UJ00001")
        life.now += 2 * HOUR
        life.pushed(track.pushes("UJ00001", YANWEN))
        pushed_at = life.now
        for hours in (1, 5, 11):
            life.now = pushed_at + hours * HOUR
            life.due("UJ00001")
            life.ask()
        assert track.calls["gettrackinfo"] == 1
        assert saved(life) == [(3, Decimal(0))]  # calls that cost nothing
        life.now = pushed_at + PUSH_FRESH
        life.due("UJ00001")
        life.ask()
    assert track.calls["gettrackinfo"] == 2


def test_kuaidi100_is_paid_for_no_question_that_its_pushes_answer(life):
    kuaidi = Kuaidi100()
    with serving(kuaidi) as server:
        life.account(server, "kuaidi100", "", price="0.05", **CALLBACK)
        life.followed("UJ00001")
        assert len(kuaidi.queries) == 1
        life.now += 2 * HOUR
        life.pushed(kuaidi.pushes("UJ00001", "yw56"), by="kuaidi100")
        life.now += HOUR
        life.due("UJ00001")
        life.ask()
        assert (len(kuaidi.queries), saved(life)) == (1, [(1, Decimal("0.05"))])
        life.now += PUSH_FRESH
        life.due("UJ00001")
        life.ask()
    assert len(kuaidi.queries) == 2


def test_somebody_who_waits_is_answered_in_spite_of_pushes_but_not_twice_in_half_an_hour(life):
    kuaidi = Kuaidi100()
    with serving(kuaidi) as server:
        life.account(server, "kuaidi100", "", **CALLBACK)
        life.followed("UJ00001")
        life.now += 2 * HOUR
        life.pushed(kuaidi.pushes("UJ00001", "yw56"), by="kuaidi100")
        for queries in (2, 2):  # a number that is asked for again within half an hour is locked
            life.due("UJ00001", CHECK_NOW)
            life.ask()
            assert len(kuaidi.queries) == queries
            life.now += 10 * MINUTE
        life.now += 20 * MINUTE
        life.due("UJ00001", CHECK_NOW)
        life.ask()
    assert len(kuaidi.queries) == 3
