"""Aggregators are told when a parcel came to its end: once that stands, in batches, by the ledger and the quotas."""

import datetime as dt
import time
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everyleg.app.planning import plan
from everyleg.app.plugins import registry
from everyleg.planner.policy.ends import GIVE_UP, STANDS
from everyleg.planner.routing.letting_go import FIRST_PAUSE
from tests.integration.conftest import new_workspace
from tests.integration.outbound.servers import serving

from .aggregators import KEY, Kuaidi100, SeventeenTrack
from .followed import YANWEN, Life

DAY = dt.timedelta(days=1)
A_WEEK, A_DAY = STANDS["delivered"], STANDS["stopped"]


@pytest.fixture
def life(database, workspace):
    return Life(database, workspace)


def test_what_was_delivered_is_followed_no_longer_once_that_has_stood_for_a_week(life):
    track = SeventeenTrack()
    with serving(track) as server:
        life.account(server)
        life.followed("UJ00001", "UJ00002")
        life.delivered(track, "UJ00001")
        assert life.let_go(after=A_WEEK - dt.timedelta(minutes=1)) == 0
        assert life.ledger() == {"UJ00001": "registered", "UJ00002": "registered"}
        assert life.let_go(after=dt.timedelta(minutes=2)) == 1
    assert track.tracked == ["UJ00002"]
    assert life.ledger() == {"UJ00001": "stopped", "UJ00002": "registered"}
    assert life.waiting() == 0


def test_many_are_let_go_forty_a_call_and_never_faster_than_17track_allows(life):
    track = SeventeenTrack(per_second=3)
    numbers = [f"UJ{n:05}" for n in range(90)]
    with serving(track) as server:
        life.account(server, per_second=None)
        life.parcels(*numbers)
        while len(life.ledger()) < len(numbers):
            life.ask()
            life.now += dt.timedelta(seconds=5)
        for number in numbers:
            life.person(number, stopped=True)
        track.sizes.clear()
        life.now += A_DAY
        while life.waiting():
            life.let_go(after=dt.timedelta(seconds=5))
    assert (track.sizes, track.refused) == ([40, 40, 10], 0)
    assert set(life.ledger().values()) == {"stopped"} and track.tracked == []


def test_what_goes_on_before_its_end_has_stood_is_followed_on(life):
    track = SeventeenTrack()
    with serving(track) as server:
        life.account(server)
        life.followed("UJ00001")
        life.person("UJ00001", stopped=True)
        life.person("UJ00001", stopped=False)
        assert life.let_go(after=A_DAY) == 1
    assert track.calls["stoptrack"] == 0
    assert (life.ledger(), life.waiting()) == ({"UJ00001": "registered"}, 0)


def test_what_goes_on_after_it_was_let_go_is_followed_again_once_for_nothing_and_then_paid_again(life):
    track = SeventeenTrack()
    with serving(track) as server:
        life.account(server, price="0.03")
        life.followed("UJ00001")
        for registrations in (1, 2):
            life.person("UJ00001", stopped=True)
            life.let_go(after=A_DAY)
            assert track.tracked == [] and life.ledger() == {"UJ00001": "stopped"}
            life.person("UJ00001", stopped=False)
            life.now += 40 * DAY / 24
            life.ask()
            assert track.tracked == ["UJ00001"] and life.ledger() == {"UJ00001": "registered"}
            assert life.spent() == (registrations, registrations * Decimal("0.03"))
    assert (track.calls["retrack"], track.calls["deletetrack"]) == (2, 1)
    assert track.paid == ["UJ00001"] * 2


def test_what_was_given_up_is_let_go_at_once(life):
    track = SeventeenTrack()
    with serving(track) as server:
        life.account(server)
        life.followed("UJ00001")
        life.now += GIVE_UP + DAY
        life.ask()
        life.let_go()
    assert life.ledger() == {"UJ00001": "stopped"} and track.tracked == []


def test_what_nobody_was_paid_to_follow_is_not_even_looked_at(life):
    life.parcels("UJ00001")
    life.person("UJ00001", stopped=True)
    assert life.waiting() == 0


def test_an_aggregator_that_cannot_be_told_is_told_nothing(life):
    kuaidi = Kuaidi100()
    with serving(kuaidi) as server:
        life.account(server, "kuaidi100", "", callback_url="https://us.example/in/kuaidi100/x", salt="s")
        life.followed("UJ00001")
        life.person("UJ00001", stopped=True)
        seen = len(server.seen)
        assert life.let_go(after=A_DAY) == 1
        assert len(server.seen) == seen
    assert (life.ledger(), life.waiting()) == ({"UJ00001": "registered"}, 0)


def test_what_fails_is_tried_again_later_and_holds_up_nobody_else(database, workspace, other_workspace):
    lives, tracks = [Life(database, one) for one in (workspace, other_workspace)], [SeventeenTrack(), SeventeenTrack()]
    with serving(tracks[0]) as failing, serving(tracks[1]) as well:
        for life, server in zip(lives, (failing, well), strict=True):
            life.account(server)
            life.followed("UJ00001")
            life.person("UJ00001", stopped=True)
        lives[0].now, tracks[0].down = lives[1].now, True
        assert lives[0].let_go(after=A_DAY) == 2
        assert [track.tracked for track in tracks] == [["UJ00001"], []]
        tracks[0].down = False
        assert lives[0].let_go(after=FIRST_PAUSE - dt.timedelta(minutes=1)) == 0
        assert lives[0].let_go(after=dt.timedelta(minutes=2)) == 1
    assert (tracks[0].tracked, lives[0].ledger(), lives[0].waiting()) == ([], {"UJ00001": "stopped"}, 0)


def test_a_failure_counts_against_its_account_and_an_account_that_rests_is_left_alone(life):
    track = SeventeenTrack()
    with serving(track) as server:
        life.account(server, api_key=KEY)
        life.followed("UJ00001")
        life.person("UJ00001", stopped=True)
        track.per_second = 0
        life.let_go(after=A_DAY)
        assert life.rows("SELECT failed_kind FROM source_health WHERE workspace_id = %s") == [("rate_limited",)]
        with life.database.transaction(None, "worker") as worker:
            held = life.now + 5 * DAY
            worker.execute("UPDATE source_health SET retry_at = %s WHERE workspace_id = %s", (held, life.workspace))
        calls = sum(track.calls.values())
        life.let_go(after=DAY)
    assert sum(track.calls.values()) == calls
    assert life.rows("SELECT due_at FROM due WHERE workspace_id = %s AND kind = 'let_go'") == [(held,)]


def test_whoever_dies_between_telling_and_noting_it_tells_it_again_and_that_does_no_harm(life):
    track = SeventeenTrack()
    with serving(track) as server:
        life.account(server)
        life.followed("UJ00001")
        life.person("UJ00001", stopped=True)
        track.deaf = True
        life.let_go(after=A_DAY)
        assert (track.tracked, life.waiting()) == ([], 1)
        track.deaf = False
        life.let_go(after=FIRST_PAUSE)
    assert (life.ledger(), life.waiting()) == ({"UJ00001": "stopped"}, 0)


def test_a_candidate_that_a_number_turned_out_not_to_belong_to_is_let_go_with_it(life):
    track = SeventeenTrack()
    with serving(track) as server:
        life.account(server)
        life.followed("UJ00001")
        with life.database.transaction(None, "worker") as worker:
            worker.execute("UPDATE registrations SET carrier = 'usps' WHERE workspace_id = %s", (life.workspace,))
        track.records = {("UJ00001", 21051): track.records["UJ00001", YANWEN]}
        life.person("UJ00001", stopped=True)
        life.let_go(after=A_DAY)
    assert track.tracked == [] and life.ledger() == {"UJ00001": "stopped"}


class Calm:
    level = 0


def test_a_planner_process_lets_go_what_is_due(life, monkeypatch):
    monkeypatch.setenv("EVERYLEG_ALLOW_PRIVATE", "127.0.0.0/8")
    track, until = SeventeenTrack(), time.monotonic() + 20
    with serving(track) as server:
        life.account(server)
        life.followed("UJ00001")
        life.person("UJ00001", stopped=True)
        life.rows("UPDATE due SET due_at = now() WHERE workspace_id = %s AND kind = 'let_go' RETURNING due_at")

        def ended(wait_s):
            time.sleep(min(wait_s, 0.05))
            return life.waiting() == 0 or time.monotonic() > until

        plan(life.database, registry(), Calm(), ended, lambda: None)
    assert (track.tracked, life.ledger(), life.waiting()) == ([], {"UJ00001": "stopped"}, 0)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["stops", "goes_on", "a_day", "ask", "down", "deaf", "up"]), max_size=9))
def test_whatever_happens_the_ledger_ends_up_saying_what_the_aggregator_does(database, happens):
    life, track = Life(database, new_workspace(database)), SeventeenTrack()
    stopped = False
    with serving(track) as server:
        life.account(server)
        life.followed("UJ00001")
        for what in [*happens, "up", "a_day", "ask", "a_day"]:
            if what in ("stops", "goes_on"):
                stopped = what == "stops"
                life.person("UJ00001", stopped=stopped)
            elif what in ("down", "deaf", "up"):
                track.down, track.deaf = what == "down", what == "deaf"
            elif what == "ask":
                life.ask()
            else:
                life.let_go(after=2 * DAY)
        assert track.tracked == ([] if stopped else ["UJ00001"])
    assert life.ledger() == {"UJ00001": "stopped" if stopped else "registered"}
    registrations, money = life.spent()
    assert money == registrations >= len(track.paid)
    assert "deaf" in happens or registrations == len(track.paid)
