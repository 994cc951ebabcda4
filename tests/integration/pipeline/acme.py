"""Answers of made-up carriers, and what the store makes of them."""

import datetime as dt
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import msgspec

from everyleg.core.fold import Timeline
from everyleg.pipeline.intake import Received, receive
from everyleg.pipeline.work import drain
from everyleg.ports.registry import Registry
from everyleg.store.sealing import about_column

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)

HEAD = "slug: {slug}\nnames: {{en: {slug}, zh: {slug}}}\nzone: {{home: Europe/Paris}}\n"
READING = """
readings:
- name: v1
  fits: [parcels]
  results: parcels
  number: no
  origin: from
  destination: to
  events: events
  event: {time: {at: at}, code: code, text: text, place: {raw: place}}
  aliases:
  - {at: next, carrier: {const: bolt}, relation: last_mile}
  - {at: somewhere, relation: last_mile}
  - {at: instead, carrier: {const: acme}, relation: replacement}
"""
CODES = "codes: {LB: label_created, PU: picked_up, AR: arrived_facility, OD: out_for_delivery, DL: delivered}\n"


@lru_cache
def carriers(codes=CODES, reading=READING):
    """Two carriers, `acme` and `bolt`, that read alike."""
    root = Path(mkdtemp())
    for slug in ("acme", "bolt"):
        (root / slug / "samples").mkdir(parents=True)
        (root / slug / "carrier.yaml").write_text(HEAD.format(slug=slug) + reading, encoding="utf-8")
        (root / slug / "codes.yaml").write_text(codes, encoding="utf-8")
    return Registry([root], lambda _: None)


def at(hours):
    """An instant, in hours after the beginning."""
    return NOW + dt.timedelta(hours=hours)


def event(hours, code="PU", text=None, **more):
    return {"at": at(hours).isoformat(), "code": code, "text": text or f"it is {code}", **more}


def body(*events, no="AC1", **more):
    """An answer about one parcel."""
    return msgspec.json.encode({"parcels": [{"no": no, "events": list(events), **more}]})


def got(workspace, content, seen=0.0, carrier="acme", asked=("AC1",), source="carrier_api"):
    """An answer as received."""
    return Received(workspace, source, carrier, content, tuple(asked), at(seen))


def take(database, *items, carriers_=None, **options):
    """Receive answers in one go, and drain."""
    receive(database, items)
    return drain(database, carriers_ or carriers(), **options)


def rows(database, query, *given):
    with database.transaction(None, "worker") as worker:
        return worker.execute(query, given).fetchall()


def timelines(database, workspace):
    """What the store holds: the timelines of a workspace, by parcel."""
    query = "SELECT parcel_id, timeline FROM states WHERE workspace_id = %s ORDER BY parcel_id"
    about = about_column(workspace, "states.timeline")
    return {
        parcel: database.keys.open_json(sealed, about, Timeline) if sealed is not None else None
        for parcel, sealed in rows(database, query, workspace)
    }


def milestones(database, workspace):
    query = "SELECT milestone FROM states WHERE workspace_id = %s ORDER BY milestone"
    return [milestone for (milestone,) in rows(database, query, workspace)]


def count(database, workspace, table):
    return rows(database, f"SELECT count(*) FROM {table} WHERE workspace_id = %s", workspace)[0][0]  # noqa: S608
