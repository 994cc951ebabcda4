"""What must hold for any set of statements, links and answers."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from everyleg.core.fold import Facts, fold, view
from everyleg.core.fold.rules import UNDOES_DELIVERY
from everyleg.core.model import Link, Observation, Place, Ref, Statement, statement_key
from everyleg.core.vocabulary import STATUSES

START = datetime(2026, 11, 1, tzinfo=UTC)
FACTS = Facts("CN", "US")
REFS = [Ref("yunexpress", "YT1"), Ref("usps", "9200"), Ref("usps", "9300"), Ref("china-post", "LX1CN")]
IDS = ["o1", "o2", "o3"]


def statement(ref, sub_status, minutes, *, source="carrier_api", country=None, day=False, uncertainty_s=0, **more):
    at = START + timedelta(minutes=minutes)
    status = STATUSES[sub_status]
    text = more.pop("text", sub_status)
    return Statement(
        carrier=ref.carrier,
        tracking_number=ref.tracking_number,
        stage=status.stage,
        milestone=status.milestone,
        sub_status=sub_status,
        occurred_local=None,
        utc_offset=None,
        time_basis="date" if day else "offset",
        occurred_at=at,
        uncertainty_s=43_200 if day else uncertainty_s,
        place=Place(country=country),
        code=None,
        text=text,
        lang=None,
        source=source,
        observed_at=None,
        observation=more.pop("observation", None),
        key=statement_key(ref.carrier, ref.tracking_number, at.isoformat(), None, text, country),
        **more,
    )


statements = st.builds(
    statement,
    st.sampled_from(REFS),
    st.sampled_from(list(STATUSES)),
    # A few hours, many weeks or two years: events that overlap, and lives that do not.
    st.integers(0, 40).map(lambda n: n * 15) | st.integers(0, 60_000) | st.integers(0, 1_000_000),
    source=st.sampled_from(["carrier_api", "17track", "person"]),
    country=st.sampled_from([None, "CN", "US", "HK"]),
    day=st.booleans(),
    uncertainty_s=st.sampled_from([0, 0, 28_800]),
    observation=st.sampled_from([None, *IDS]),
    withdrawn=st.sampled_from([False, False, False, True]),
    text=st.sampled_from(["one", "two", "已签收 驿站"]),
)
observations = st.builds(
    Observation,
    st.sampled_from(IDS),
    st.just("usps"),
    st.sampled_from(["9200", "9300"]),
    st.none() | st.integers(0, 60_000).map(lambda n: START + timedelta(minutes=n)),
    st.booleans(),
)
links = st.builds(
    Link,
    st.sampled_from(["same_parcel", "same_parcel", "replaces"]),
    st.sampled_from(REFS),
    st.sampled_from(REFS),
    st.sampled_from(["last_mile", "last_mile", "first_mile", "piece", "master", "replacement", "return"]),
    withdrawn=st.sampled_from([False, False, True]),
)
parts = st.tuples(st.lists(observations, max_size=4), st.lists(links, max_size=4), st.lists(statements, max_size=14))


def folded(observed, linked, told):
    return msgspec.json.encode(fold(FACTS, observed, linked, told))


@given(parts, st.data())
def test_order_and_repetition_change_nothing(given_parts, data):
    again = [data.draw(st.permutations(part + part[: len(part) // 2])) for part in given_parts]
    assert folded(*again) == folded(*given_parts)


@given(parts)
def test_every_statement_is_witness_of_exactly_one_event(given_parts):
    told = Counter(key for _, key in {(s.source, s.key) for s in given_parts[2]})
    events = [event for timeline in fold(FACTS, *given_parts) for event in timeline.events]
    assert Counter(key for event in events for key in event.witnesses) == told


@given(parts, statements)
def test_another_statement_takes_no_witness_away(given_parts, one_more):
    observed, linked, told = given_parts
    before = Counter(k for t in fold(FACTS, observed, linked, told) for e in t.events for k in e.witnesses)
    after = Counter(k for t in fold(FACTS, observed, linked, [*told, one_more]) for e in t.events for k in e.witnesses)
    assert before <= after


@given(parts)
def test_no_event_has_two_witnesses_of_one_source_for_one_number(given_parts):
    observed, linked, told = given_parts
    told = [replace(s, key=s.key + s.source) for s in told]
    said_by = {s.key: (s.source, s.carrier, s.tracking_number) for s in told}
    for timeline in fold(FACTS, observed, linked, told):
        for event in timeline.events:
            assert max(Counter(said_by[key] for key in event.witnesses).values()) == 1


@given(parts)
def test_times_and_sums_are_sane(given_parts):
    for timeline in fold(FACTS, *given_parts):
        assert all(seconds >= 0 for seconds in timeline.dwell_s.values())
        assert all(joint.gap_s is None or joint.gap_s >= 0 for joint in timeline.handoffs)
        assert all(part.to is None or part.from_ <= part.to for part in timeline.custody)
        assert (timeline.delivered_at is not None) == (timeline.milestone == "delivered")
        assert len(timeline.legs) == len(timeline.numbers)


def test_a_persons_word_that_moves_nothing_leaves_the_delivery_as_it_is():
    said = [statement(REFS[1], "delivered", 0), statement(REFS[1], "order_created", 15, source="person")]
    (timeline,) = fold(FACTS, [], [], said)
    assert (timeline.milestone, timeline.delivered_at) == ("delivered", START)
    assert [event.after_delivery for event in timeline.events] == [False, True]


@given(parts, st.integers(0, 1_500_000))
def test_silence_and_dwell_are_never_negative(given_parts, minutes):
    now = START + timedelta(minutes=minutes)
    for timeline in fold(FACTS, *given_parts):
        seen = view(timeline, now, FACTS)
        assert seen.silent_s is None or seen.silent_s >= 0
        assert all(seen.dwell_s[stage] >= seconds for stage, seconds in timeline.dwell_s.items())


ORDINARY = [
    s.sub_status
    for s in STATUSES.values()
    if s.sub_status not in UNDOES_DELIVERY and s.milestone not in ("delivered", "returning", "returned")
]


@given(
    st.lists(st.tuples(st.sampled_from(ORDINARY), st.integers(1, 40_000)), max_size=8),
    st.sampled_from(ORDINARY),
    st.integers(1, 40_000),
    st.sampled_from(["carrier_api", "17track"]),
)
def test_delivered_does_not_flip_back_for_an_older_fact(scans, late, minutes, source):
    usps = REFS[1]
    delivered = statement(usps, "delivered", 50_000, country="US")
    told = [delivered, *(statement(usps, row, at, country="US") for row, at in scans)]
    (timeline,) = fold(FACTS, [], [], [*told, statement(usps, late, minutes, source=source, text="late")])
    assert (timeline.milestone, timeline.delivered_at) == ("delivered", delivered.occurred_at)


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_the_latest_complete_answer_says_whether_a_fact_stands(tells):
    usps = REFS[1]
    answers = [Observation(f"o{i}", "usps", "9200", START + timedelta(minutes=1000 + i)) for i in range(len(tells))]
    told = [statement(usps, "out_for_delivery", 10, observation=answer.id) for answer in answers]
    told += [
        statement(usps, "delivered", 20, observation=answer.id)
        for answer, tell in zip(answers, tells, strict=True)
        if tell
    ]
    (timeline,) = fold(FACTS, answers, [], told)
    assert (timeline.milestone == "delivered") == tells[-1]
    assert len(timeline.events) == 1 + any(tells)


@given(st.lists(statements.filter(lambda s: s.sub_status != "other"), max_size=10))
def test_a_better_reading_of_the_same_words_leaves_no_ghost(told):
    latest = list({(s.source, s.key): s for s in told}.values())
    older = [replace(s, sub_status="other", stage="any", milestone="none", withdrawn=False) for s in latest]
    assert folded([], [], older + latest) == folded([], [], latest)


@given(parts)
def test_withdrawn_links_count_for_nothing(given_parts):
    observed, linked, told = given_parts
    gone = [replace(link, withdrawn=True) for link in linked]
    assert folded(observed, linked + gone, told) == folded(observed, [], told)
