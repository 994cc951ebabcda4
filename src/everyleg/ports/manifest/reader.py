"""One shape of answer, compiled: from a parsed tree to results."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from everyleg.core.model import Alias, Reason, Result, Statement, Warn
from everyleg.core.places import country_of
from everyleg.ports.manifest.codes import StatusTable
from everyleg.ports.manifest.details import (
    AliasReader,
    Slugs,
    as_number,
    estimate_reader,
    flight_reader,
    proof_reader,
    weight_reader,
)
from everyleg.ports.manifest.errors import ErrorReader
from everyleg.ports.manifest.events import Context, event_reader
from everyleg.ports.manifest.paths import Picker, condition, find_all, find_with_parents, maybe, picker
from everyleg.ports.manifest.schema import Codes, Manifest, ReadingSpec


class Asked(Struct, frozen=True):
    """What is known of an answer besides its bytes."""

    numbers: tuple[str, ...] = ()
    """The numbers that were asked for; empty when nobody knows."""
    observed_at: datetime | None = None
    observation: str | None = None
    source: str = "carrier_api"


class Facts(Struct, frozen=True):
    """Where a parcel comes from and goes to, ISO alpha-2, as far as an answer says."""

    origin: str | None = None
    destination: str | None = None


class Read(Struct):
    """What one shape of answer gave: results, the parcels' countries, warnings."""

    results: list[Result]
    facts: list[Facts]
    warnings: list[Warn]


def bare(number: str) -> str:
    """A number without what people and systems put between its characters, for comparing."""
    return number.upper() if number.isalnum() else "".join(filter(str.isalnum, number)).upper()


def _several(paths: str | list[str]) -> list[str]:
    return [paths] if isinstance(paths, str) else paths


class ReadingReader:
    """Reads one shape of answer of one carrier."""

    def __init__(self, manifest: Manifest, spec: ReadingSpec, codes: Codes, slugs: Slugs) -> None:
        """Compile `spec`.

        Raises:
            ValueError: when a layout, an expression or a sub-status in it is wrong.
        """
        nulls = frozenset(spec.nulls)
        self.name, self.input, self._slug = spec.name, spec.input, manifest.slug
        self._spec = spec
        self._fits = [condition(text) for text in spec.fits]
        self.table = StatusTable(codes, spec.unknown_code)
        self._event = event_reader(spec, manifest, self.table)
        self._nodes = [find_with_parents(path) for path in _several(spec.results)]
        self._number = maybe(spec.number, nulls)
        self._events = [find_all(path) for path in _several(spec.events)]
        self._not_found = find_all(spec.not_found) if spec.not_found else None
        self._group = picker(spec.group_by, nulls) if spec.group_by is not None else None
        self._errors = ErrorReader(spec.errors, nulls)
        self._result_errors = ErrorReader(spec.result_errors, nulls)
        self._aliases = [AliasReader(alias, nulls, slugs) for alias in spec.aliases]
        self._text_aliases = [a for a, s in zip(self._aliases, spec.aliases, strict=True) if s.match]
        self._event_flight = flight_reader(spec.event.flight, nulls)
        self._flight = flight_reader(spec.flight, nulls)
        self._event_batch, self._batch = maybe(spec.event.batch, nulls), maybe(spec.batch, nulls)
        self._estimate = estimate_reader(spec.estimated_delivery, nulls)
        self._proof, self._weight = proof_reader(spec.proof, nulls), weight_reader(spec.weight, nulls)
        self._pieces = find_all(spec.pieces) if spec.pieces else None
        self._state_hint = maybe(spec.state_hint, nulls)
        self._origin, self._destination = maybe(spec.origin, nulls), maybe(spec.destination, nulls)

    def fits(self, tree: Any) -> bool:
        """Whether the tree has this shape."""
        return any(test(tree, tree, tree) for test in self._fits)

    def read(self, tree: Any, asked: Asked) -> Read:
        """Results of a tree that fits."""
        whole = self._errors.first(tree, tree, tree) if self._spec.errors else None
        nodes = self._parcels(tree)
        run = _Run(tree, asked, {bare(number): number for number in asked.numbers}, len(nodes), whole, Read([], [], []))
        for node, above in nodes:
            self._add_result(node, above, run)
        self._add_not_found(run)
        self._add_unanswered(run)
        return run.read

    def _parcels(self, tree: Any) -> list[tuple[Any, Any]]:
        nodes = [pair for find in self._nodes for pair in find(tree) if isinstance(pair[0], dict)]
        if self._group is None:
            return nodes
        groups: dict[str, list[Any]] = {}
        for node, above in nodes:
            groups.setdefault(self._group(node, above, tree) or "", []).append(node)
        return [({**items[0], "$items": items}, tree) for items in groups.values()]

    def _add_result(self, node: Any, above: Any, run: "_Run") -> None:
        root = run.root
        found = self._number(node, above, root) if self._number else None
        mine = _claim(found, run)
        error = self._result_errors.first(node, above, root) if self._spec.result_errors else None
        if error is not None:
            error.asked, error.tracking_number = mine, found
            run.add(error, Facts())
        elif mine or found:
            self._add_parcel(node, above, run, Result(mine, "found", tracking_number=found or mine))
        elif run.whole is None and self._has_events(node, above, root):
            run.read.warnings.append(Warn("missing_field", "number", None))

    def _add_parcel(self, node: Any, above: Any, run: "_Run", result: Result) -> None:
        root, asked = run.root, run.asked
        facts = Facts(
            self._country(self._origin, node, above, root), self._country(self._destination, node, above, root)
        )
        countries = tuple(c for c in (facts.origin, facts.destination) if c)
        number = result.asked or result.tracking_number or ""
        context = Context(number, countries, asked.source, asked.observed_at, asked.observation, run.read.warnings)
        result.complete = self._spec.complete
        self._read_events(node, above, root, context, result)
        self._read_details(node, above, root, result)
        run.add(self._outcome(result, run.whole), facts)

    def _has_events(self, node: Any, above: Any, root: Any) -> bool:
        return any(find(node, above, root) for find in self._events)

    def _outcome(self, result: Result, whole: Result | None) -> Result:
        """A parcel without events is what its status, the answer's error or the manifest says it is."""
        if result.events or (result.state_hint and whole is None):
            return result
        if whole is not None:
            return Result(result.asked, whole.outcome, whole.reason, whole.retry_after_s, result.tracking_number)
        if self._spec.empty_is == "unknown":
            result.outcome = "unknown"
        return result

    @staticmethod
    def _country(pick: Picker | None, node: Any, above: Any, root: Any) -> str | None:
        said = pick(node, above, root) if pick else None
        return country_of(said) if said else None

    def _read_events(self, node: Any, above: Any, root: Any, context: Context, result: Result) -> None:
        read, seen = self._event, set[str]()
        told: list[Statement] = []
        for find in self._events:
            for event in find(node, above, root):
                if type(event) is not dict:
                    continue
                statement = read(event, node, root, context)
                if statement is not None and statement.key not in seen:
                    seen.add(statement.key)
                    told.append(statement)
                    if self._event_flight or self._event_batch:
                        self._carriage(event, node, root, result)
        if self._newest_first(told):
            told.reverse()
        result.events = self._voided(told) if self.table.voids else told

    def _newest_first(self, statements: list[Statement]) -> bool:
        """Whether the source lists its newest event first; where the manifest cannot say, its times do."""
        if self._spec.order == "unknown":
            return len(statements) > 1 and statements[0].occurred_at > statements[-1].occurred_at
        return self._spec.order == "newest_first"

    def _carriage(self, event: Any, node: Any, root: Any, result: Result) -> None:
        flight = self._event_flight(event, node, root) if self._event_flight else None
        if flight is not None and flight not in result.flights:
            result.flights = [*result.flights, flight]
        if self._event_batch and result.batch is None:
            result.batch = self._event_batch(event, node, root)

    def _voided(self, statements: list[Statement]) -> list[Statement]:
        """Statements with those marked that a later voiding code takes back."""
        voids = self.table.voids
        gone = {
            max(earlier, key=lambda s: (s.occurred_at, s.key)).key
            for void in statements
            if void.code in voids
            and (earlier := [s for s in statements if s.code == voids[void.code] and s.occurred_at <= void.occurred_at])
        }
        return [_withdrawn(s) if s.key in gone else s for s in statements]

    def _read_details(self, node: Any, above: Any, root: Any, result: Result) -> None:
        if self._aliases:
            result.aliases = _distinct(self._find_aliases(node, above, root, result))
        if self._pieces is not None:
            result.pieces = list(dict.fromkeys(n for v in self._pieces(node, above, root) if (n := as_number(v))))
        if self._flight is not None and (flight := self._flight(node, above, root)) is not None:
            result.flights = [*result.flights, flight] if flight not in result.flights else result.flights
        if self._batch is not None:
            result.batch = self._batch(node, above, root) or result.batch
        if self._estimate is not None:
            result.estimated_delivery = self._estimate(node, above, root)
        if self._proof is not None:
            result.proof = self._proof(node, above, root)
        if self._weight is not None:
            result.weight_kg = self._weight(node, above, root)
        if self._state_hint is not None and not result.events:
            result.state_hint = self._state_hint(node, above, root)

    def _find_aliases(self, node: Any, above: Any, root: Any, result: Result) -> Iterator[Alias]:
        own = {bare(n) for n in (result.asked, result.tracking_number) if n}
        mine = (None, self._slug)
        for reader in self._aliases:
            for alias in reader.in_fields(node, above, root):
                if alias.carrier not in mine or bare(alias.tracking_number) not in own:
                    yield alias
        for reader in self._text_aliases:
            for event in result.events:
                said = reader.in_event(event.code, event.text)
                if said is not None and bare(said.tracking_number) not in own:
                    yield said

    def _add_not_found(self, run: "_Run") -> None:
        for value in self._not_found(run.root, run.root, run.root) if self._not_found else []:
            number = as_number(value)
            if number:
                asked = run.pending.pop(bare(number), None)
                run.add(Result(asked or number, "unknown", tracking_number=number), Facts())

    def _add_unanswered(self, run: "_Run") -> None:
        """What was asked and not answered, or an answer that holds nothing at all, is said, never dropped."""
        left: Sequence[str | None] = list(run.pending.values())
        if not left and not run.read.results:
            left = [None]
        nothing_else = not run.read.results
        for number in left:
            run.add(self._unanswered(number, run.whole, empty=nothing_else), Facts())

    def _unanswered(self, number: str | None, whole: Result | None, *, empty: bool) -> Result:
        if whole is not None:
            return Result(number, whole.outcome, whole.reason, whole.retry_after_s)
        if empty and self._spec.empty_is == "unknown":
            return Result(number, "unknown")
        detail = "the answer does not speak of this number; ask for it alone"
        return Result(number, "failed", Reason("unreadable", detail))


class _Run(Struct):
    """One answer being read."""

    root: Any
    asked: Asked
    pending: dict[str, str]
    """Asked numbers that nothing answered yet, by their bare form."""
    count: int
    """Parcels in the answer."""
    whole: Result | None
    """The error of the whole answer."""
    read: Read

    def add(self, result: Result, facts: Facts) -> None:
        """Add a result."""
        self.read.results.append(result)
        self.read.facts.append(facts)


def _claim(found: str | None, run: _Run) -> str | None:
    """The asked number that a parcel answers: the same one, or the only one when there is only one parcel."""
    pending, asked = run.pending, run.asked.numbers
    if found is not None and asked:
        wanted = bare(found)
        if wanted in pending:
            return pending.pop(wanted)
        same = next((number for number in asked if bare(number) == wanted), None)
        if same is not None:
            return same
    if len(asked) == 1 and pending and (run.count == 1 or found is None):
        return pending.popitem()[1]
    return None


def _distinct(aliases: Iterator[Alias]) -> list[Alias]:
    """Each number once for each relation and carrier; where one place names its carrier, another need not."""
    found = list(dict.fromkeys(aliases))
    named = {(bare(a.tracking_number), a.relation) for a in found if a.carrier is not None}
    return [a for a in found if a.carrier is not None or (bare(a.tracking_number), a.relation) not in named]


def _withdrawn(statement: Statement) -> Statement:
    values = {name: getattr(statement, name) for name in statement.__struct_fields__}
    return Statement(**{**values, "withdrawn": True})
