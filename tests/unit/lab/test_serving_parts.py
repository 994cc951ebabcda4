"""The parts of the lab's server: addresses read off manifests, a clock that runs faster, troubles drawn by seed."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.app.plugins import registry
from everyleg.lab.rendering.shapes import SHAPES
from everyleg.lab.serving.clock import RunningClock
from everyleg.lab.serving.endpoints import Endpoint, Question
from everyleg.lab.serving.faults import Faults, Profile, profiles
from everyleg.ports.asking import Ask
from everyleg.ports.manifest.request import Recipe, Setting, spelled_out

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
REQUESTS = {slug: request for slug in SHAPES if (request := registry().manifest(slug).request)}


def question(request, numbers):
    """A manifest's request, filled in as a client would."""
    whole, _ = spelled_out(request)
    recipe = Recipe(whole)
    known = dict.fromkeys(recipe.names | {"username", "password"}, "x") | {"base_url": "https://base"}
    made = recipe.make(Setting([Ask(number, "") for number in numbers], known, NOW))
    address = urlsplit(made.url)
    return Question(made.method, unquote(address.path), parse_qsl(address.query), {}, made.body.decode())


ASKABLE = sorted(slug for slug, request in REQUESTS.items() if Endpoint(request).askable)


@pytest.mark.parametrize("slug", ASKABLE)
@given(
    numbers=st.lists(st.from_regex(r"[A-Z]{2}[0-9]{9}[A-Z]{2}", fullmatch=True), min_size=1, max_size=4, unique=True)
)
def test_whatever_number_is_asked_the_manifests_way_is_understood(slug, numbers):
    request = REQUESTS[slug]
    batch = Recipe(request).takes_several
    asked = Endpoint(request).numbers(question(request, numbers))
    assert asked == (numbers if batch else numbers[:1])


def test_nearly_every_carrier_with_a_shape_can_be_asked():
    assert len(ASKABLE) >= 15


def test_another_way_of_asking_is_not_understood():
    endpoint = Endpoint(REQUESTS["usps"])
    good = question(REQUESTS["usps"], ["9400100000000000000000"])
    assert endpoint.numbers(good)
    assert endpoint.numbers(Question("POST", good.path, good.query)) is None
    assert endpoint.numbers(Question("GET", "/tracking/v3/other", good.query)) is None


def test_a_clock_runs_as_fast_as_told():
    ticks = iter([100.0, 100.0, 160.0])
    clock = RunningClock(NOW, speed=60, ticks=lambda: next(ticks))
    assert [clock.now(), clock.now()] == [NOW, NOW + timedelta(hours=1)]


@pytest.mark.parametrize(("start", "speed"), [(NOW.replace(tzinfo=None), 1), (NOW, -1)])
def test_a_clock_without_offset_or_backwards_is_refused(start, speed):
    with pytest.raises(ValueError, match="starts at a time with an offset"):
        RunningClock(start, speed)


@given(seed=st.integers(0, 2**32), share=st.floats(0, 1))
def test_troubles_come_about_as_often_as_the_profile_says_and_the_same_way_again(seed, share):
    def fates():
        faults = Faults(Profile(failed=share), seed)
        return [faults.fate("usps", [str(n % 50)], NOW).trouble for n in range(300)]

    assert fates() == fates()
    assert abs(fates().count("failed") / 300 - share) < 0.15


def test_the_profiles_that_ship_are_read():
    assert set(profiles()) == {"none", "usual", "rough"}
    assert profiles()["none"] == Profile()
