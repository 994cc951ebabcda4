"""The quick way through an answer (generated code) and the careful one (the pickers of `paths`) come to the same."""

from copy import deepcopy
from datetime import datetime, timedelta
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert

from everyleg.app.plugins import registry
from everyleg.ports.answer import Answer
from everyleg.ports.manifest.codes import StatusTable
from everyleg.ports.manifest.conditions import any_of
from everyleg.ports.manifest.events import Context, EventReader
from everyleg.ports.manifest.paths import condition, find_all, maybe
from everyleg.ports.manifest.reader import Asked
from everyleg.ports.manifest.schema import Codes, Manifest, Names, ReadingSpec
from everyleg.ports.manifest.texts import nodes_of, texts_of
from everyleg.ports.manifest.tree import parse

SAMPLES = [
    (slug, path)
    for slug in registry().folders
    if registry().manifest(slug).readings and registry().manifest(slug).extends is None
    for path in registry().carrier(slug).samples
]
ODD_VALUES = [
    None, 0, 1, True, 2.5, "", "-", " x ", "\ud800", [], [[]], {}, {"#text": "12"}, ["a", "b"], [{"a": 1}], "N/A",
    "2026-11-22", "2026-W47-7T10:00:00", "2026-11-22T00:00:00Z", "2026-11-22T10:00:00.5+01:00", " 2026-11-22 10:00:00",
    "22.11.2026  9:05", "20261122", "1026-11-22T10:00:00+01:00", "+08:00", "EST", "2026-11-01T01:30:00", "100000",
]  # fmt: skip
EDITS = st.lists(
    st.tuples(
        st.integers(0, 10_000), st.sampled_from(["drop", "wrap", "double", "pad", "put"]), st.sampled_from(ODD_VALUES)
    ),
    max_size=5,
)


def places_in(node):
    """Every (container, key) below a node."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(inside):
        yield node, key
        yield from places_in(value)


def edited(tree, edits):
    for where, how, odd in edits:
        places = list(places_in(tree))
        if not places:
            return tree
        node, key = places[where % len(places)]
        value = node[key]
        if how == "drop":
            del node[key]
        elif how == "pad" and isinstance(value, str):
            node[key] = f" {value} "
        else:
            node[key] = deepcopy({"wrap": [value], "double": [value, value]}.get(how, odd))
    return tree


@st.composite
def trees(draw):
    """(carrier's slug, a sample's tree with something changed in it)."""
    slug, path = draw(st.sampled_from(SAMPLES))
    return slug, edited(parse(path.read_bytes())[1], draw(EDITS))


def readings_of(slug):
    return registry().manifest(slug).readings


def maps_in(tree):
    """Some maps of a tree, each with the node above it."""
    nodes = (node[key] for node, key in places_in([tree]))
    return [(node, tree) for node in islice((n for n in nodes if isinstance(n, dict)), 40)]


def parcel_picks(spec):
    parts = [p for p in (spec.estimated_delivery, spec.proof, spec.weight, spec.flight) if p is not None]
    fields = [getattr(p, f) for p in parts for f in p.__struct_fields__ if f not in ("layouts", "basis")]
    return [spec.number, spec.origin, spec.destination, spec.state_hint, spec.batch, *fields]


@given(trees())
def test_the_texts_of_a_parcel_are_those_of_its_picks(given_tree):
    slug, tree = given_tree
    for spec in readings_of(slug):
        nulls, picks = frozenset(spec.nulls), parcel_picks(spec)
        texts, pickers = texts_of(picks, nulls), [maybe(pick, nulls) for pick in picks]
        for node, above in [*maps_in(tree), (tree, tree)]:
            assert texts(node, above, tree) == tuple(p and p(node, above, tree) for p in pickers)


@given(trees())
def test_the_nodes_behind_several_paths_are_those_behind_each(given_tree):
    slug, tree = given_tree
    for spec in readings_of(slug):
        paths = [a.at for a in spec.aliases if isinstance(a.at, str)] + [spec.events] * isinstance(spec.events, str)
        nodes, finders = nodes_of(paths, frozenset()), [find_all(path) for path in paths]
        for node, above in [*maps_in(tree), (tree, tree)]:
            found = [list(some) for some in nodes(node, above, tree)]
            assert found == [find(node, above, tree) for find in finders]


@given(trees())
def test_one_of_several_conditions_holds_where_one_of_them_does(given_tree):
    slug, tree = given_tree
    for spec in readings_of(slug):
        for texts in (spec.fits, spec.event.unless):
            holds, tests = any_of(texts), [condition(text) for text in texts]
            for node, above in [*maps_in(tree), (tree, tree)]:
                assert holds(node, above, tree) == any(test(node, above, tree) for test in tests)


@given(trees(), st.sampled_from([(), ("CN",), ("CN", "US")]))
def test_the_loop_over_events_reads_each_as_the_careful_reader_does(given_tree, countries):
    slug, tree = given_tree
    carrier = registry().carrier(slug)
    for reader, spec in zip(carrier.readers, readings_of(slug), strict=True):
        events = EventReader(spec, carrier.manifest, reader.table)
        nodes = [node for node, _ in maps_in(tree)]
        for _ in range(2):  # the second time words and places are known
            quick, careful = (Context("AB1", countries, "carrier_api", None, None, []) for _ in range(2))
            told = {}
            events.read_all(nodes, tree, tree, quick, told, lambda _node: None)
            said = [events.read(node, tree, tree, careful, at_a_glance=False) for node in nodes]
            expected = {}
            for statement in said:
                if statement is not None:
                    expected.setdefault(statement.key, statement)
            assert list(told.values()) == list(expected.values())
            assert quick.warnings == careful.warnings


@st.composite
def documents(draw):
    """(carrier's slug, bytes of an XML sample with some texts and elements changed)."""
    slug, path = draw(st.sampled_from([(s, p) for s, p in SAMPLES if p.suffix == ".xml"]))
    body = path.read_bytes()
    for where, new in draw(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(XML_CHANGES)), max_size=3)):
        ends = [i + 1 for i in range(len(body) - 1) if body[i : i + 1] == b">"]
        at = ends[where % len(ends)]
        body = body[:at] + new + body[at:]
    return slug, body


XML_CHANGES = [b"<other/>", b"<other>1</other>", b'<other kind="1">2</other>', b"x", b"<!-- - -->", b" ", b"<a>1</a>b"]


@given(documents())
def test_reading_only_what_is_wanted_of_an_xml_answer_gives_what_reading_all_of_it_gives(document):
    slug, body = document
    carrier = registry().carrier(slug)
    part, whole = (carrier.read(Answer(body), Asked(("1",)), audit=audit) for audit in (False, True))
    assert part.reading.results == whole.reading.results
    assert part.facts == whole.facts
    assert part.reading.warnings == [w for w in whole.reading.warnings if w.kind != "extra_field"]


TIMES = [
    {"at": "t"},
    {"at": "t", "layouts": ["iso|midnight_is_date"]},
    {"at": {"join": ["d", "c"]}, "layouts": ["iso"]},
    {"at": {"join": ["d", "c"]}, "layouts": ["yyyyMMdd[ HHmmss]", "yyyyMMdd HH:mm"]},
    {"at": {"join": ["d", "c"]}, "layouts": ["dd.MM.yyyy[ HH:mm]"], "offset": "o"},
    {"at": "t", "offset": "o"},
    {"at": "t", "zone": "o"},
    {"at": "t", "offset": "o", "utc": {"at": "u"}},
    {"at": {"join": ["d", "c"]}, "layouts": ["yyyyMMdd HHmmss"], "utc": {"at": {"join": ["d", "c"]}}},
]
ZONES = [
    {},
    {"home": "Asia/Shanghai"},
    {"always": "Europe/Berlin"},
    {"home": "America/Chicago", "abbreviations": "america"},
]
DAYS = ["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y"]
CLOCKS = ["%H:%M:%S", "%H%M%S", "%H:%M", "00:00:00"]
OFFSETS = ["", "Z", "+08:00", "-0530", " +01:00", "+00:00", "EST", "Europe/Paris", ".000Z", "+08:00 "]


YEARS = datetime.fromisoformat("1969-01-01"), datetime.fromisoformat("2201-01-01")


@st.composite
def printed(draw):
    """An event with its time printed in some way, or in a way that is none."""
    when, utc = draw(st.datetimes(*YEARS)), draw(st.integers(-60, 60))
    day, clock = when.strftime(draw(st.sampled_from(DAYS))), when.strftime(draw(st.sampled_from(CLOCKS)))
    offset = st.sampled_from(OFFSETS) | st.sampled_from(ODD_VALUES)
    near = (when + timedelta(minutes=15 * utc)).strftime("%Y-%m-%dT%H:%M:%S")
    node = {"t": f"{day}{draw(st.sampled_from('T '))}{clock}{draw(st.sampled_from(OFFSETS))}", "d": day, "c": clock}
    node |= {"o": draw(offset), "u": near + draw(st.sampled_from(OFFSETS)), "place": {"city": "Lyon", "country": "FR"}}
    if draw(st.booleans()):
        del node["place"]
    return node | draw(st.dictionaries(st.sampled_from(list("tdcou")), st.sampled_from(ODD_VALUES), max_size=1))


@given(printed(), st.sampled_from(TIMES), st.sampled_from(ZONES), st.sampled_from([[], ["20261122"], ["+08:00", "x"]]))
def test_a_time_is_read_the_same_quickly_and_carefully(node, time, zone, nulls):
    place = {"city": "place.city", "country": "place.country"}
    event = {"time": time, "place": place}
    spec = convert({"name": "r", "fits": [], "event": event, "zone": zone, "nulls": nulls}, ReadingSpec)
    events = EventReader(spec, Manifest("x", Names("X", "X")), StatusTable(Codes()))
    for _ in range(2):  # the second time day, words and place are known
        quick, careful = (Context("AB1", (), "carrier_api", None, None, []) for _ in range(2))
        told = {}
        events.read_all([node], node, node, quick, told, lambda _node: None)
        expected = events.read(node, node, node, careful, at_a_glance=False)
        assert list(told.values()) == ([] if expected is None else [expected])
        assert quick.warnings == careful.warnings
