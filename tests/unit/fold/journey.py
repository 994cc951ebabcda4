"""Runs journeys: cases that settle what the fold means, in the JSON of `everyleg fold` with a name, a why and what to expect."""

import json
import random

import msgspec

from everyleg.core.fold import fold_document

PARTS = ("facts", "observations", "links", "statements")


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def shuffled(journey, seed):
    """The same sets in another order, some of it told twice."""
    rng = random.Random(seed)
    document = {part: journey[part] for part in PARTS}
    for part in PARTS[1:]:
        rows = document[part] + rng.sample(document[part], rng.randint(0, len(document[part])))
        rng.shuffle(rows)
        document[part] = rows
    return document


def fold(document):
    """The timelines as they are printed."""
    return msgspec.to_builtins(fold_document(json.dumps(document).encode()), str_keys=True)


def measure(timelines):
    """What `expect` can speak of. The newest life, listed last, is meant."""
    timeline = timelines[-1]
    events = [event for event in timeline["events"] if not event["withdrawn"]]
    told = [event["sub_status"] for event in events]
    handoffs = timeline["handoffs"]
    plain = {
        k: timeline[k] for k in ("milestone", "sub_status", "stage", "exception", "delivered_at", "since", "dwell_s")
    }
    return plain | {
        "timelines": len(timelines),
        "lives": [life["milestone"] for life in timelines],
        "legs": len(timeline["legs"]),
        "stages": [leg["stages"] for leg in timeline["legs"]],
        "custody": [part["holder"] for part in timeline["custody"]],
        "handoffs": len(handoffs),
        "handoff_gap_s": [joint["gap_s"] for joint in handoffs],
        "handoff_missing": [joint["missing"] for joint in handoffs if joint["missing"]],
        "events": len(events),
        "withdrawn": len(timeline["events"]) - len(events),
        "witnesses": [len(event["witnesses"]) for event in events],
        "after_delivery": sum(event["after_delivery"] for event in events),
        "anomalies": [anomaly["kind"] for anomaly in timeline["anomalies"]],
        "reached": list(timeline["reached"]),
        "has": set(told),
        "order": told,
        "texts": [event["text"] for event in events],
    }


def misses(journey, document):
    """What came out otherwise than expected: {name: (expected, got)}."""
    got = measure(fold(document))
    expected = journey["expect"]
    return {
        name: (value, got[name])
        for name, value in expected.items()
        if not (set(value) <= got["has"] if name == "has" else got[name] == value)
    }
