"""Who is inside when is a function of sets too: any order, any batches, any doubles, and once more after a replay."""

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from everyleg.pipeline import work
from everyleg.pipeline.consolidations.people import Inside
from everyleg.pipeline.replay import replay
from everyleg.pipeline.verify import verify
from tests.integration.conftest import new_workspace

from .aboard import MAWB, OTHER, consolidation, inside, number, sheet, status, with_sheets
from .acme import at, body, event, got, rows, take, timelines

SOME = ["AC1", "AC2", "AC3"]
HOURS = [0, 2, 4, 6]
BAG = "BG-1"
HOUR = st.sampled_from(HOURS)
PERHAPS = st.none() | HOUR
PARCEL = st.sampled_from(SOME)
MAWBS = st.sampled_from([MAWB, OTHER])
TEXTS = st.sampled_from(["起飞", "到港", "清关放行", "已签收", "???"])

OWN = st.tuples(st.just("own"), PARCEL, HOUR)
IN = st.tuples(st.just("in"), PARCEL, MAWBS, PERHAPS, PERHAPS)
IN_BAG = st.tuples(st.just("bag"), PARCEL, PERHAPS, PERHAPS)
BAG_IN = st.tuples(st.just("in"), st.just(f"bag:{BAG}"), MAWBS, PERHAPS, PERHAPS)
STATUS = st.tuples(st.just("status"), MAWBS, HOUR, TEXTS)
BAG_STATUS = st.tuples(st.just("bag status"), HOUR, TEXTS)
INPUTS = st.lists(st.one_of(OWN, IN, IN_BAG, BAG_IN, STATUS, BAG_STATUS), min_size=1, max_size=9)
DENIED = st.lists(st.tuples(st.sampled_from([*SOME, f"bag:{BAG}"]), MAWBS), max_size=2)


def received(workspace, one):
    match one:
        case ("own", no, hours):
            return got(workspace, body(event(hours), no=no), hours, asked=(no,))
        case ("in", no, reference, since, until):
            return sheet(workspace, inside(no, reference, since=since, until=until))
        case ("bag", no, since, until):
            return sheet(workspace, inside(no, BAG, "bag", since, until))
        case ("status", reference, hours, text):
            return sheet(workspace, status(hours, text, reference))
        case ("bag status", hours, text):
            return sheet(workspace, status(hours, text, BAG, "bag"))


def stored(database, workspace):
    """The timelines that the store holds, as a set."""
    return sorted(msgspec.json.encode(t) for t in timelines(database, workspace).values() if t is not None)


def deny(database, workspace, denied):
    """Say of each that it was never inside, where both are known."""
    for no, reference in denied:
        known = rows(database, "SELECT tracking_number FROM numbers WHERE workspace_id = %s", workspace)
        there = rows(database, "SELECT reference FROM consolidations WHERE workspace_id = %s", workspace)
        if (no,) in known and (reference,) in there:
            with database.transaction(workspace) as connection:
                who = Inside(connection, workspace, consolidation(database, workspace, reference), None)
                who.withdraw([number(database, workspace, no)], at(9))
    work.drain(database, with_sheets())


def fed(database, some, batches, denied):
    """A workspace that heard of all of it, batch by batch; people speak as soon as they can, and once more at the end."""
    workspace = new_workspace(database)
    for batch in batches:
        take(database, *(received(workspace, some[i]) for i in batch), carriers_=with_sheets())
        deny(database, workspace, denied)
    deny(database, workspace, denied)
    return workspace


@settings(
    max_examples=40, phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(INPUTS, DENIED, st.data())
def test_any_order_of_who_is_inside_of_events_and_of_withdrawals_gives_the_same_states(database, some, denied, data):
    whole = fed(database, some, [range(len(some))], denied)
    order = data.draw(
        st.permutations([*range(len(some)), *data.draw(st.lists(st.sampled_from(range(len(some))), max_size=2))])
    )
    parted = fed(database, some, [[i] for i in order], denied)
    assert stored(database, parted) == stored(database, whole)
    assert verify(database, parted) == []
    replay(database, with_sheets(), workspace=parted)
    assert stored(database, parted) == stored(database, whole)


def is_in(some, denied, no, reference, hours):
    """Whether a number is in an air waybill or the bag at an hour, looked up by hand: the last word up to then counts, a
    word of being taken out before one of being put in; being put into another of the kind takes out too.
    """
    if (no, reference) in denied:
        return False
    mine = [
        (one[-2], one[-1], BAG if one[0] == "bag" else one[2])
        for one in some
        if one[0] in ("in", "bag") and one[1] == no
    ]
    mine = [(since, until, where) for since, until, where in mine if (no, where) not in denied]
    kind = {BAG} if reference == BAG else {MAWB, OTHER}
    words = [(until, 2) for since, until, where in mine if where == reference and until is not None]
    words += [(since, 1) for since, until, where in mine if where == reference and since is not None]
    words += [(since, 0) for since, until, where in mine if where in kind - {reference} and since is not None]
    told = [word for word in words if word[0] <= hours]
    if told:
        return max(told)[1] == 1
    open_ended = any(since is None for since, until, where in mine if where == reference)
    return open_ended and (not words or min(words)[1] != 1)


@settings(
    max_examples=40, phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(INPUTS, DENIED)
def test_an_event_reaches_those_who_were_inside_at_its_time_and_only_those(database, some, denied):
    workspace = fed(database, some, [range(len(some))], denied)
    found = {
        (timeline.numbers[0].tracking_number, e.source.split("/")[0], e.occurred_at, e.text)
        for timeline in timelines(database, workspace).values()
        if timeline is not None
        for e in timeline.events
        if ":" in e.source
    }
    expected = set()
    for no in SOME:
        for one in some:
            if (
                one[0] == "bag status"
                and one[2] != "???"
                and one[2] != "已签收"
                and is_in(some, denied, no, BAG, one[1])
            ):
                expected.add((no, f"bag:{BAG}", at(one[1]), one[2]))
            if one[0] == "status" and one[3] != "???":
                _, reference, hours, text = one
                in_bag = is_in(some, denied, no, BAG, hours) and is_in(some, denied, f"bag:{BAG}", reference, hours)
                if in_bag or is_in(some, denied, no, reference, hours):
                    expected.add((no, f"mawb:{reference}", at(hours), text))
    witnessed = {
        (timeline.numbers[0].tracking_number, key)
        for timeline in timelines(database, workspace).values()
        if timeline is not None
        for e in timeline.events
        for key in e.witnesses
    }
    assert found <= expected
    assert len(witnessed) == len(expected) + len({one for one in some if one[0] == "own"})
