"""The document of `everyleg fold`: facts, observations, links and statements; missing fields are null."""

from datetime import UTC, datetime, time
from typing import Annotated, Any, get_args

import msgspec
from msgspec import UNSET, Meta, Struct

from everyleg.core.fold.folding import fold
from everyleg.core.fold.timeline import Facts, Timeline
from everyleg.core.model import (
    NOWHERE,
    Link,
    LinkKind,
    Observation,
    Place,
    Ref,
    Relation,
    Statement,
    TimeBasis,
    statement_key,
)
from everyleg.core.vocabulary import STATUSES

Instant = Annotated[datetime, Meta(tz=True)]
_DAY_UNCERTAINTY_S = 12 * 3600


class DocumentError(ValueError):
    """The document is not one that can be folded; the message names the place and what is wrong with it."""


class FactsIn(Struct):
    """Facts as given; dates may lack a clock (the end of that day, UTC, then counts)."""

    origin: str | None = None
    destination: str | None = None
    promised_by: str | None = None
    carrier_estimate: str | None = None


class ObservationIn(Struct):
    """An observation as given."""

    id: str
    carrier: str | None = None
    tracking_number: str | None = None
    observed_at: Instant | None = None
    complete: bool | None = None
    source: str | None = None


class LinkIn(Struct):
    """A link as given. Kinds and relations that the fold does not know join nothing."""

    a: Ref
    b: Ref
    kind: str | None = None
    relation: str | None = None
    evidence: str | None = None
    withdrawn: bool | None = None


class StatementIn(Struct):
    """An event document as given."""

    carrier: str
    tracking_number: str
    occurred_at: Instant
    sub_status: str | None = None
    stage: str | None = None
    milestone: str | None = None
    occurred_local: datetime | None = None
    utc_offset: int | None = None
    time_basis: TimeBasis | None = None
    uncertainty_s: Annotated[int, Meta(ge=0)] | None = None
    place: Place | None = None
    code: str | None = None
    text: str | None = None
    lang: str | None = None
    source: str | None = None
    observed_at: Instant | None = None
    observation: str | None = None
    key: str | None = None
    withdrawn: bool | None = None
    rank: int | None = None


class FoldInput(Struct):
    """The whole document. `parts` gives what `fold` takes."""

    facts: FactsIn | None = None
    observations: list[ObservationIn] | None = None
    links: list[LinkIn] | None = None
    statements: list[StatementIn] | None = None

    def parts(self) -> tuple[Facts, list[Observation], list[Link], list[Statement]]:
        """Facts, observations, links and statements, with what is missing filled in.

        Raises:
            DocumentError: for a sub-status that the vocabulary lacks, or a date that is none.
        """
        return (
            _facts(self.facts or FactsIn()),
            [_observation(observation) for observation in self.observations or []],
            [_link(link) for link in self.links or []],
            [_statement(i, statement) for i, statement in enumerate(self.statements or [])],
        )


_decoder = msgspec.json.Decoder(FoldInput)


def read(body: bytes) -> FoldInput:
    """Decode a fold document.

    Raises:
        DocumentError: when it is no JSON, or a field has a wrong type; the message names the field.
    """
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise DocumentError(str(error).replace("`$.", "`")) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DocumentError(f"not JSON: {error}") from error


def fold_document(body: bytes) -> list[Timeline]:
    """Fold a document, as `everyleg fold` does.

    Raises:
        DocumentError: see `read` and `FoldInput.parts`.
    """
    return fold(*read(body).parts())


def _facts(given: FactsIn) -> Facts:
    return Facts(
        origin=given.origin,
        destination=given.destination,
        promised_by=_date("promised_by", given.promised_by),
        carrier_estimate=_date("carrier_estimate", given.carrier_estimate),
    )


def _date(field: str, given: str | None) -> datetime | None:
    if not given:
        return None
    try:
        parsed = datetime.fromisoformat(given)
    except ValueError as error:
        raise DocumentError(f"facts.{field}: {given!r} is no date; give YYYY-MM-DD or a time with a zone") from error
    if "T" not in given and " " not in given:
        parsed = datetime.combine(parsed, time.max)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _observation(given: ObservationIn) -> Observation:
    return Observation(
        id=given.id,
        carrier=given.carrier or "",
        tracking_number=given.tracking_number or "",
        observed_at=given.observed_at,
        complete=given.complete is not False,
        source=given.source or "carrier_api",
    )


def _one_of(words: Any, given: str | None, missing: Any, unknown: Any) -> Any:
    return missing if given is None else given if given in get_args(words) else unknown


def _link(given: LinkIn) -> Link:
    kind = _one_of(LinkKind, given.kind, "same_parcel", "in_consolidation")
    return Link(
        kind=kind,
        a=given.a,
        b=given.b,
        relation=_one_of(Relation, given.relation, "last_mile" if kind == "same_parcel" else "master", "master"),
        evidence=given.evidence,
        withdrawn=given.withdrawn is True,
    )


def _statement(index: int, given: StatementIn) -> Statement:
    status = STATUSES.get(given.sub_status or "other")
    if status is None:
        raise DocumentError(
            f"statements[{index}].sub_status: {given.sub_status!r} is not in the vocabulary;"
            " use one of its rows, or other"
        )
    return Statement(
        carrier=given.carrier,
        tracking_number=given.tracking_number,
        stage=given.stage or status.stage,
        milestone=status.milestone,
        sub_status=status.sub_status,
        occurred_local=given.occurred_local,
        utc_offset=given.utc_offset,
        time_basis=given.time_basis or _basis(given.uncertainty_s or 0),
        occurred_at=given.occurred_at.astimezone(UTC),
        uncertainty_s=given.uncertainty_s or 0,
        place=given.place or NOWHERE,
        code=given.code,
        text=given.text,
        lang=given.lang,
        source=given.source or "carrier_api",
        observed_at=given.observed_at,
        observation=given.observation,
        key=given.key or _key(given, status.sub_status),
        withdrawn=given.withdrawn is True,
        rank=UNSET if given.rank is None else given.rank,
    )


def _basis(uncertainty_s: int) -> TimeBasis:
    if uncertainty_s >= _DAY_UNCERTAINTY_S:
        return "date"
    return "assumed" if uncertainty_s else "offset"


def _key(given: StatementIn, sub_status: str) -> str:
    """What stands for the raw words where they are missing: the instant, the names of the place; without code and text
    the sub-status is all that the source said.
    """
    place = given.place or NOWHERE
    raw_place = place.raw or " ".join(
        filter(None, (place.city, place.region, place.country, place.postal_code, place.code))
    )
    words = given.text or (None if given.code else sub_status)
    at = given.occurred_at.astimezone(UTC).isoformat()
    return statement_key(given.carrier, given.tracking_number, at, given.code, words, raw_place)
