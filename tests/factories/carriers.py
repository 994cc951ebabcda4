"""Carriers made of a few lines of manifest."""

from pathlib import Path
from tempfile import mkdtemp
from textwrap import dedent

import msgspec

from everyleg.ports.answer import Answer
from everyleg.ports.manifest.reader import Asked
from everyleg.ports.registry import Registry

HEAD = "slug: acme\nnames: {en: Acme, zh: 爱可美}\nzone: {home: Europe/Paris}\n"
READING = """
readings:
- name: v1
  fits: [parcels]
  results: parcels
  number: no
  events: events
  event: {time: {at: at}, code: code, text: text, place: {raw: place}}
"""


def folder(manifest=HEAD + READING, codes="codes: {PU: picked_up, DL: delivered}\n", samples=None, code=None):
    """A carrier folder on disk, below a root of its own."""
    path = Path(mkdtemp()) / "acme"
    (path / "samples").mkdir(parents=True)
    (path / "carrier.yaml").write_text(dedent(manifest), encoding="utf-8")
    (path / "codes.yaml").write_text(dedent(codes), encoding="utf-8")
    for name, tree in (samples or {}).items():
        (path / "samples" / name).write_bytes(msgspec.json.encode(tree))
    if code:
        (path / "read.py").write_text(dedent(code), encoding="utf-8")
    return path


def carrier(reading=READING, codes="codes: {PU: picked_up, DL: delivered}\n", **options):
    """A compiled carrier with one reading."""
    path = folder(HEAD + dedent(reading), codes, **options)
    return Registry([path.parent], lambda _: None).carrier("acme")


def read(tree, *numbers, reading=READING, codes="codes: {PU: picked_up, DL: delivered}\n", audit=False):
    """The reading of a JSON answer, or of raw bytes, by a carrier of a few lines."""
    body = tree if isinstance(tree, bytes) else msgspec.json.encode(tree)
    return carrier(reading, codes).read(Answer(body), Asked(numbers), audit=audit).reading


def event(at="2026-11-02T10:00:00+01:00", code="PU", text="Picked up", **more):
    """One event of an answer."""
    return {"at": at, "code": code, "text": text, **more}


def answer(*events, no="AC1", **more):
    """An answer with one parcel."""
    return {"parcels": [{"no": no, "events": list(events), **more}]}
