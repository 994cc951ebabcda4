"""From a body to what it says of each number: the manifest's reading, with the workspace's own teachings in it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from xxhash import xxh3_128_digest

from everyleg.core.fold import Facts
from everyleg.core.fold.tellings import understood
from everyleg.core.model import Alias, Estimate, Flight, Proof, Reason, Ref, Result, Statement
from everyleg.core.vocabulary import STATUSES
from everyleg.pipeline.consolidations.naming import Key
from everyleg.pipeline.intake import FILE
from everyleg.pipeline.joining import number_of, with_estimate
from everyleg.pipeline.traces import MARK, SHEET, insides, owned
from everyleg.ports.answer import Answer
from everyleg.ports.carrier import Answered, Carrier
from everyleg.ports.manifest.load import ManifestError
from everyleg.ports.manifest.reader import Asked
from everyleg.ports.manifest.tree import Unreadable, parse
from everyleg.ports.registry import UnknownCarrier

Teachings = Mapping[tuple[str, str, str], str]
"""(carrier, `code` or `text`, value) → the sub-status that a person says it means."""

UNKNOWN_KINDS = {"unknown_code": "code", "unknown_text": "text"}


class Carriers(Protocol):
    """The registry, as the pipeline needs it."""

    def carrier(self, slug: str) -> Carrier:
        """The carrier of a slug; raises `UnknownCarrier` or `ManifestError`."""

    def owners(self, kind: str, tree: Any) -> list[str]:
        """Slugs of carriers whose answers look like this."""


class Found(Struct, omit_defaults=True):
    """What an answer tells of a number besides its events, as it is kept."""

    aliases: list[Alias] = []
    pieces: list[str] = []
    estimated_delivery: Estimate | None = None
    flights: list[Flight] = []
    batch: str | None = None
    proof: Proof | None = None
    weight_kg: float | None = None
    state_hint: str | None = None


class Said(Struct):
    """What an answer says of one number."""

    ref: Ref
    result: Result
    facts: Facts
    digest: bytes
    """Of all that it says: equal to the last one means nothing new."""
    opens_at: datetime | None
    """Its earliest event."""
    inside: list[tuple[Key, datetime | None, datetime | None]] = []
    """What a file says that it is inside, since and until when."""

    @property
    def aliases(self) -> list[Alias]:
        """The other numbers that it names; who did not find a parcel tells nothing of its way."""
        return self.result.aliases if self.result.outcome == "found" else []

    @property
    def found(self) -> bytes | None:
        """`Found` as JSON; None when there is nothing."""
        r = self.result
        told = Found(r.aliases, r.pieces, r.estimated_delivery, r.flights, r.batch, r.proof, r.weight_kg, r.state_hint)
        body = msgspec.json.encode(told)
        return None if body == b"{}" else body


class Heard(Struct):
    """What a body says."""

    carrier: str | None
    said: list[Said] = []
    quarantine: Reason | None = None
    """Why it was not understood."""
    unknown: list[tuple[str, str]] = []
    """(`code` or `text`, value) that nobody knows, as often as they occur."""


def hear(carriers: Carriers, body: bytes, carrier: str | None, asked: Asked, teachings: Teachings) -> Heard:
    """What a body says; whatever it is, it never raises for it.

    The statements name no observation and no time of it: those are the store's.

    Args:
        carriers: the registry.
        body: any bytes.
        carrier: whose answer it is, None when nobody knows.
        asked: the numbers asked for, and the source.
        teachings: what the workspace's people say that codes and texts mean.
    """
    sheet = asked.source == FILE and body.startswith(MARK)
    slug, doubt = (SHEET, None) if sheet else (carrier, None) if carrier is not None else _whose(carriers, body)
    if slug is None:
        return Heard(None, quarantine=doubt)
    try:
        compiled = carriers.carrier(slug)
    except UnknownCarrier:
        return Heard(slug, quarantine=Reason("wrong_carrier", f"no carrier is called {slug!r}; name one that is known"))
    except ManifestError as error:
        return Heard(slug, quarantine=Reason("unreadable", f"the carrier's manifest is wrong: {error}"))
    answered = compiled.read(Answer(body), asked, audit=False, owners=carriers.owners)
    if asked.source == FILE:
        for result in answered.reading.results:
            result.complete = False
    if not sheet:
        return _heard(answered, teachings)
    owned(answered, carrier)
    heard = _heard(answered, teachings)
    inside = insides(body, carrier)
    for said in heard.said:
        said.inside = inside.get(said.ref.tracking_number, [])
    return heard


def _whose(carriers: Carriers, body: bytes) -> tuple[str | None, Reason | None]:
    """The one carrier whose shape an answer has, else why not."""
    try:
        owners = carriers.owners(*parse(body))
    except (Unreadable, ValueError) as error:
        return None, Reason("unreadable", f"whose answer it is was not said, and it cannot be read: {error}")
    if len(owners) == 1:
        return owners[0], None
    looks = f"it looks like one of {', '.join(owners[:5])}" if owners else "it looks like nobody's"
    return None, Reason("unreadable", f"whose answer it is was not said, and {looks}; name the carrier")


def _heard(answered: Answered, teachings: Teachings) -> Heard:
    reading = answered.reading
    slug = reading.carrier
    heard = Heard(slug)
    if not answered.understood:
        heard.quarantine = reading.results[0].reason or Reason("unreadable", "not understood")
    by_ref: dict[Ref, tuple[Result, Facts]] = {}
    owners = answered.owners or [slug] * len(reading.results)
    for result, facts, owner in zip(reading.results, answered.facts, owners, strict=True):
        number = number_of(result)
        if number:
            ref = Ref(owner, number)
            by_ref[ref] = _together(by_ref[ref], (result, facts)) if ref in by_ref else (result, facts)
    heard.said = [_said(ref, result, facts, teachings) for ref, (result, facts) in by_ref.items()]
    for warning in reading.warnings:
        kind = UNKNOWN_KINDS.get(warning.kind)
        if kind is not None and warning.value and (slug, kind, warning.value) not in teachings:
            heard.unknown.append((kind, warning.value))
    return heard


def _together(one: tuple[Result, Facts], other: tuple[Result, Facts]) -> tuple[Result, Facts]:
    """Two results about one number in one answer: all that is found counts; of one key, what understood more."""
    a, b = one[0], other[0]
    if b.outcome != "found" or a.outcome != "found":
        return one if a.outcome == "found" or b.outcome != "found" else other
    best: dict[str, Statement] = {}
    for statement in (*a.events, *b.events):
        there = best.get(statement.key)
        if there is None or _worth(statement) > _worth(there):
            best[statement.key] = statement
    a.events = list(best.values())
    a.aliases = list(dict.fromkeys((*a.aliases, *b.aliases)))
    a.complete = a.complete or b.complete
    return one


def _worth(statement: Statement) -> tuple[bool, int]:
    return statement.withdrawn, understood(statement)


def _said(ref: Ref, result: Result, facts: Facts, teachings: Teachings) -> Said:
    if teachings:
        result.events = [taught(statement, teachings) for statement in result.events]
    digest = xxh3_128_digest(msgspec.json.encode((result, facts)))
    opens_at = min((s.occurred_at for s in result.events), default=None)
    return Said(ref, result, with_estimate(facts, result), digest, opens_at)


def taught(statement: Statement, teachings: Teachings) -> Statement:
    """A statement as the workspace's people understand its code, or its words when it has none."""
    kind, value = ("code", statement.code) if statement.code is not None else ("text", statement.text)
    meant = teachings.get((statement.carrier, kind, value or ""))
    if meant is None:
        return statement
    row = STATUSES[meant]
    return replace(statement, sub_status=row.sub_status, stage=row.stage, milestone=row.milestone)


def named_refs(heard: Iterable[Heard]) -> set[Ref]:
    """Every number that answers found or name with its carrier."""
    refs: set[Ref] = set()
    for one in heard:
        for said in one.said:
            if said.result.outcome != "found":
                continue
            refs.add(said.ref)
            for alias in said.aliases:
                if alias.carrier is not None:
                    refs.add(Ref(alias.carrier, alias.tracking_number))
    return refs


def missed_refs(heard: Iterable[Heard]) -> set[Ref]:
    """Every number that answers did not find: no answer makes it known, or says that it is this carrier's."""
    return {said.ref for one in heard for said in one.said if said.result.outcome != "found"}
