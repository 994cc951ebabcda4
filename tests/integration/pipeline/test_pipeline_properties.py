"""State is a function of sets: whatever the order, the batches and the doubles, and once more after a replay."""

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from everyleg.app.journey import join
from everyleg.core.model import observation_id
from everyleg.pipeline.folding import bare_timeline
from everyleg.pipeline.replay import replay
from everyleg.pipeline.verify import verify
from everyleg.ports.answer import Answer
from everyleg.ports.manifest.reader import Asked
from tests.integration.conftest import new_workspace

from .acme import at, body, carriers, event, got, take, timelines

NUMBERS = {"AC1": "acme", "AC2": "acme", "BO1": "bolt", "BO2": "bolt"}
CODES = ["LB", "PU", "AR", "OD", "DL", "??"]


@st.composite
def answers(draw):
    """An answer about one number: (number, when it came, its bytes)."""
    no = draw(st.sampled_from(sorted(NUMBERS)))
    told = draw(
        st.lists(st.tuples(st.sampled_from([-80, -60, -50, -20, -5, 1, 3]), st.sampled_from(CODES)), max_size=4)
    )
    more = {}
    for field, names in (("next", ["BO1", "BO2"]), ("somewhere", ["BO1", "AC2", "BO9"]), ("instead", ["AC2"])):
        if draw(st.integers(0, 2)) == 0:
            more[field] = draw(st.sampled_from(names))
    if draw(st.booleans()):
        more["to"] = draw(st.sampled_from(["FR", "US"]))
    events = [event(hours, code) for hours, code in sorted(set(told))]
    return no, draw(st.integers(0, 6)), body(*events, no=no, **more)


def received(workspace, answer):
    no, seen, content = answer
    return got(workspace, content, seen, NUMBERS[no], (no,))


def stored(database, workspace):
    """The timelines that the store holds, as a set."""
    return sorted(msgspec.json.encode(t) for t in timelines(database, workspace).values() if t is not None)


def folded(some):
    """The same by the fold alone, of everything at once."""
    read = []
    for no, seen, content in sorted(some, key=lambda a: (a[1], observation_id(a[2], "carrier_api")), reverse=True):
        asked = Asked((no,), at(seen), observation_id(content, "carrier_api"))
        read.append(carriers().carrier(NUMBERS[no]).read(Answer(content), asked, audit=False))
    return sorted(msgspec.json.encode(bare_timeline(timeline)) for timeline, _ in join(read))


def batches(draw, some):
    while some:
        size = draw(st.integers(1, len(some)))
        yield some[:size]
        some = some[size:]


@settings(
    max_examples=30, phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(st.lists(answers(), min_size=1, max_size=7), st.data())
def test_any_order_any_batches_any_doubles_give_the_same_states(database, some, data):
    workspace = new_workspace(database)
    doubled = some + data.draw(st.lists(st.sampled_from(some), max_size=3))
    for batch in batches(data.draw, data.draw(st.permutations(doubled))):
        take(database, *(received(workspace, answer) for answer in batch))
    assert stored(database, workspace) == folded(some)
    assert verify(database, workspace) == []


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(st.lists(answers(), min_size=1, max_size=6))
def test_a_replay_changes_nothing(database, some):
    workspace = new_workspace(database)
    take(database, *(received(workspace, answer) for answer in some))
    replay(database, carriers(), workspace=workspace)
    assert stored(database, workspace) == folded(some)
