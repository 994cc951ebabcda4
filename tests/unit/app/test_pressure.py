"""What gives way, in which order, and when it comes back."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.app.pressure import BOUNDS, CALM_S, Pressure, Shedding, Strain, level_of, part_of


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def pressure(*strains):
    """One that sees these strains, one after the other, every second."""
    clock, left = Clock(), list(strains)

    def strain():
        clock.now += 1
        return left.pop(0) if len(left) > 1 else left[0]

    return Pressure(strain, clock)


@pytest.mark.parametrize(
    ("strain", "level"),
    [
        (Strain(), 0),
        (Strain(journal_s=59, journal_rows=19_999, waiting=7), 0),
        (Strain(journal_s=60), 1),
        (Strain(journal_rows=20_000), 1),
        (Strain(waiting=8), 1),
        (Strain(journal_s=300), 2),
        (Strain(waiting=16), 2),
        (Strain(waiting=32), 3),
        (Strain(journal_s=1e9, journal_rows=1e9), 2),
    ],
)
def test_each_bound_asks_for_its_level(strain, level):
    assert level_of(strain) == level


@given(
    st.builds(Strain, st.floats(0, 1e6), st.floats(0, 1e7), st.integers(0, 100)),
    st.builds(Strain, st.floats(0, 1e6), st.floats(0, 1e7), st.integers(0, 100)),
)
def test_more_of_anything_never_asks_for_less(one, other):
    both = Strain(
        max(one.journal_s, other.journal_s),
        max(one.journal_rows, other.journal_rows),
        max(one.waiting, other.waiting),
    )
    assert level_of(both) >= max(level_of(one), level_of(other))


@pytest.mark.parametrize(
    ("path", "from_level"),
    [
        ("/in/usps/token", None),
        ("/t/abc", None),
        ("/assets/tabler.css", None),
        ("/healthz", None),
        ("/metrics", None),
        ("/parcels.xlsx", 2),
        ("/add", 2),
        ("/add/sheet/rejected.xlsx", 2),
        ("/parcels", 3),
        ("/parcels/12", 3),
        ("/v1/parcels", 3),
        ("/sign-in", 3),
    ],
)
def test_intake_and_the_buyers_page_never_give_way_and_the_rest_in_order(path, from_level):
    level, _ = part_of(path)
    assert level == (from_level if from_level is not None else len(BOUNDS) + 1)


def test_it_goes_up_at_once_and_down_step_by_step_when_it_has_been_calm():
    watched = pressure(Strain(waiting=40), *[Strain()] * 200)
    levels = [watched.look() for _ in range(int(3 * CALM_S) + 10)]
    assert levels[0] == 3
    assert [level for at, level in enumerate(levels) if at == 0 or level != levels[at - 1]] == [3, 2, 1, 0]
    assert levels.index(2) >= CALM_S


def test_a_short_calm_changes_nothing():
    watched = pressure(*[Strain(waiting=40), Strain(), Strain(waiting=40), Strain()] * 40)
    assert {watched.look() for _ in range(100)} == {3}


def ask(level, path):
    """Ask a shedding application; gives the status, the headers and whether the application behind was reached."""
    reached, sent = [], []

    async def behind(scope, receive, send):
        reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    held = pressure(Strain())
    held.level = level
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [],
        "http_version": "1.1", "scheme": "http", "server": ("x", 80), "client": ("y", 1), "root_path": "",
        "path_params": {}, "state": {},
    }  # fmt: skip
    asyncio.run(Shedding(behind, held)(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), bool(reached)


@pytest.mark.parametrize(
    ("level", "path", "status"),
    [(0, "/parcels", 200), (1, "/parcels.xlsx", 200), (2, "/parcels.xlsx", 503), (2, "/parcels", 200), (3, "/in/a/b", 200),
     (3, "/t/abc", 200), (3, "/parcels", 503), (3, "/v1/parcels", 503)],
)  # fmt: skip
def test_what_gives_way_is_told_when_to_come_again_and_nothing_is_done_for_it(level, path, status):
    got, headers, reached = ask(level, path)
    assert (got, reached) == (status, status == 200)
    if status == 503:
        assert headers[b"retry-after"] == b"30"
        assert headers[b"content-type"].startswith(b"application/problem" if path.startswith("/v1") else b"text/html")
