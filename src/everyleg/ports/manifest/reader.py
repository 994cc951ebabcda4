"""One shape of answer, compiled: from a parsed tree to results."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from everyleg.core.fold import Facts
from everyleg.core.model import Alias, Reason, Result, Statement, Warn
from everyleg.ports.manifest.aliases import AliasReader, Slugs, as_number
from everyleg.ports.manifest.codes import StatusTable
from everyleg.ports.manifest.conditions import any_of
from everyleg.ports.manifest.details import NO_FACTS, fill_of, flight_of, flight_picks
from everyleg.ports.manifest.errors import ErrorReader
from everyleg.ports.manifest.events import Context, EventReader
from everyleg.ports.manifest.paths import Finder, find_all, find_listed, find_with_parents, picker
from everyleg.ports.manifest.schema import Codes, Manifest, Pick, ReadingSpec
from everyleg.ports.manifest.texts import nodes_of, text_of, texts_of


class Asked(Struct, frozen=True):
    """What is known of an answer besides its bytes."""

    numbers: tuple[str, ...] = ()
    """The numbers that were asked for; empty when nobody knows."""
    observed_at: datetime | None = None
    observation: str | None = None
    source: str = "carrier_api"


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
        self.fits = any_of(spec.fits)
        """(tree, tree, tree) → whether the tree has this shape."""
        self.table = StatusTable(codes, spec.unknown_code)
        self._aliases = [AliasReader(alias, nulls, slugs) for alias in spec.aliases]
        self._text_aliases = [a for a, s in zip(self._aliases, spec.aliases, strict=True) if s.match]
        self._event = EventReader(spec, manifest, self.table, self._text_aliases).read_all
        self._nodes = [find_with_parents(path) for path in _several(spec.results)]
        self._events = [find_listed(path) for path in _several(spec.events)]
        self._not_found = find_all(spec.not_found) if spec.not_found else None
        self._group = picker(spec.group_by, nulls) if spec.group_by is not None else None
        self._errors = ErrorReader(spec.errors, nulls)
        self._result_errors = ErrorReader(spec.result_errors, nulls)
        self._field_aliases = [
            (alias, s.carrier is None or (isinstance(s.carrier, Pick) and s.carrier.const == manifest.slug))
            for alias, s in zip(self._aliases, spec.aliases, strict=True)
            if not s.match
        ]
        self._alias_numbers = nodes_of([s.at or [] for s in spec.aliases if not s.match], nulls)
        carriage = texts_of([*flight_picks(spec.event.flight), spec.event.batch], nulls)
        self._carriage_of = carriage if spec.event.flight or spec.event.batch else None
        self._number, self._fill = text_of(spec.number, nulls), fill_of(spec, nulls)
        self._pieces = find_all(spec.pieces) if spec.pieces else None

    def read(self, tree: Any, asked: Asked) -> Read:
        """Results of a tree that fits."""
        nodes = self._parcels(tree)
        pending = {bare(number): number for number in asked.numbers} if asked.numbers else {}
        run = _Run([], [], [], tree, asked, len(nodes), self._errors if self._spec.errors else None, pending)
        for node, above in nodes:
            self._add_result(node, above, run)
        if self._not_found is not None:
            self._add_not_found(self._not_found, run)
        if run.pending or not run.results:
            self._add_unanswered(run)
        return run

    def _parcels(self, tree: Any) -> list[tuple[Any, Any]]:
        nodes: list[tuple[Any, Any]] = []
        for find in self._nodes:
            nodes = find(tree)
            if nodes:
                break
        if self._group is None:
            return nodes
        groups: dict[str, list[Any]] = {}
        for node, above in nodes:
            groups.setdefault(self._group(node, above, tree) or "", []).append(node)
        return [({**items[0], "$items": items}, tree) for items in groups.values()]

    def _add_result(self, node: Any, above: Any, run: "_Run") -> None:
        root = run.root
        found = self._number(node, above, root)
        mine = _claim(found, run) if run.asked.numbers else None
        if mine or found or run.nameless:
            self._add_parcel(node, above, run, Result(mine, "found", tracking_number=found or mine))
        elif (error := self._result_error(node, above, root)) is not None:
            run.add(error, NO_FACTS)
        elif self._has_events(node, above, root) and run.whole is None:
            run.warnings.append(Warn("missing_field", "number", None))

    def _add_parcel(self, node: Any, above: Any, run: "_Run", result: Result) -> None:
        root, asked = run.root, run.asked
        facts = self._fill(node, above, root, result)
        number = result.asked or result.tracking_number or ""
        countries = () if facts is NO_FACTS else tuple(filter(None, (facts.origin, facts.destination)))
        context = Context(number, countries, asked.source, asked.observed_at, asked.observation, run.warnings)
        result.complete = self._spec.complete
        self._read_events(node, above, root, context, result)
        if result.events:
            result.state_hint = None
        elif (error := self._result_error(node, above, root)) is not None:
            error.asked, error.tracking_number = result.asked, result.tracking_number or error.tracking_number
            run.add(error, NO_FACTS)
            return
        if self._aliases:
            result.aliases = self._find_aliases(node, above, root, result, said_so=context.names_another)
        if self._pieces is not None:
            result.pieces = list(dict.fromkeys(n for v in self._pieces(node, above, root) if (n := as_number(v))))
        run.add(result if result.events else self._without_events(result, run.whole), facts)

    def _result_error(self, node: Any, above: Any, root: Any) -> Result | None:
        return self._result_errors.first(node, above, root) if self._spec.result_errors else None

    def _has_events(self, node: Any, above: Any, root: Any) -> bool:
        return any(find(node, above, root) for find in self._events)

    def _without_events(self, result: Result, whole: Result | None) -> Result:
        """A parcel without events is what its status, the answer's error or the manifest says it is."""
        if result.state_hint and whole is None:
            return result
        if whole is not None:
            return Result(result.asked, whole.outcome, whole.reason, whole.retry_after_s, result.tracking_number)
        if self._spec.empty_is == "unknown":
            result.outcome = "unknown"
        return result

    def _read_events(self, node: Any, above: Any, root: Any, context: Context, result: Result) -> None:
        by_key: dict[str, Statement] = {}
        carriage = None if self._carriage_of is None else lambda event: self._carriage(event, node, root, result)
        for find in self._events:
            self._event(find(node, above, root), node, root, context, by_key, carriage)
        told = list(by_key.values())
        if len(told) > 1 and self._newest_first(told):
            told.reverse()
        result.events = self._voided(told) if self.table.voids else told

    def _newest_first(self, statements: list[Statement]) -> bool:
        """Whether the source lists its newest event first; where the manifest cannot say, its times do."""
        if self._spec.order == "unknown":
            return statements[0].occurred_at > statements[-1].occurred_at
        return self._spec.order == "newest_first"

    def _carriage(self, event: Any, node: Any, root: Any, result: Result) -> None:
        """Note the flight and the batch that an event names."""
        *named, batch = self._carriage_of(event, node, root) if self._carriage_of else (None,)
        flight = flight_of(named) if any(named) else None
        if flight is not None and flight not in result.flights:
            result.flights = [*result.flights, flight]
        result.batch = result.batch or batch

    def _voided(self, statements: list[Statement]) -> list[Statement]:
        """Statements with those marked that a later voiding code takes back."""
        takes_back = self.table.takes_back
        gone = {
            max(earlier, key=lambda s: (s.occurred_at, s.key)).key
            for void in statements
            if (
                earlier := [
                    s for s in statements if takes_back(void.code, s.code) and s.occurred_at <= void.occurred_at
                ]
            )
        }
        return [_withdrawn(s) if s.key in gone else s for s in statements]

    def _find_aliases(self, node: Any, above: Any, root: Any, result: Result, *, said_so: bool = True) -> list[Alias]:
        """Second numbers of a parcel; `said_so` is False where the words of its events name none."""
        found: list[Alias] = []
        for place, said in enumerate(self._alias_numbers(node, above, root)):
            if said:
                reader, mine = self._field_aliases[place]
                if not mine or len(said) > 1 or said[0] != result.tracking_number:  # it is no second number of itself
                    found += reader.in_fields(said, node, above, root)
        if said_so:
            for reader in self._text_aliases:
                found += [alias for e in result.events if (alias := reader.in_event(e.code, e.text)) is not None]
        if not found:
            return []
        own = {bare(n) for n in (result.asked, result.tracking_number) if n}
        here = (None, self._slug)
        others = [a for a in found if a.carrier not in here or bare(a.tracking_number) not in own]
        return others if len(others) < 2 else _distinct(others)

    @staticmethod
    def _add_not_found(find: Finder, run: "_Run") -> None:
        for value in find(run.root, run.root, run.root):
            number = as_number(value)
            if number:
                asked = run.pending.pop(bare(number), None)
                run.add(Result(asked or number, "unknown", tracking_number=number), Facts())

    def _add_unanswered(self, run: "_Run") -> None:
        """What was asked and not answered, or an answer that holds nothing at all, is said, never dropped."""
        left: Sequence[str | None] = list(run.pending.values())
        if not left and not run.results:
            left = [None]
        nothing_else = not run.results
        for number in left:
            run.add(self._unanswered(number, run.whole, empty=nothing_else), Facts())

    def _unanswered(self, number: str | None, whole: Result | None, *, empty: bool) -> Result:
        if whole is not None:
            named = whole.tracking_number if number is None else None
            return Result(number, whole.outcome, whole.reason, whole.retry_after_s, named)
        if empty and self._spec.empty_is == "unknown":
            return Result(number, "unknown")
        detail = "the answer does not speak of this number; ask for it alone"
        return Result(number, "failed", Reason("unreadable", detail))


class _Run(Read):
    """One answer being read."""

    root: Any
    asked: Asked
    count: int
    errors: ErrorReader | None
    """Those of the whole answer."""
    pending: dict[str, str]
    """Asked numbers that nothing answered yet, by their bare form."""

    @property
    def whole(self) -> Result | None:
        """The error of the whole answer, looked for only where a journey is missing."""
        return self.errors.first(self.root, self.root, self.root) if self.errors is not None else None

    @property
    def nameless(self) -> bool:
        """Whether nobody said which parcel this is: the interface leaves the number to the question, and no question is
        known. Its only parcel is read all the same, without a number.
        """
        return self.count == 1 and not self.asked.numbers

    def add(self, result: Result, facts: Facts) -> None:
        """Add a result."""
        self.results.append(result)
        self.facts.append(facts)


def _claim(found: str | None, run: _Run) -> str | None:
    """The asked number that a parcel answers: the same one, or the only one when there is only one parcel."""
    pending, asked = run.pending, run.asked.numbers
    if found is not None:
        wanted = bare(found)
        if wanted in pending:
            return pending.pop(wanted)
        same = next((number for number in asked if bare(number) == wanted), None)
        if same is not None:
            return same
    if len(asked) == 1 and pending and (run.count == 1 or found is None):
        return pending.popitem()[1]
    return None


def _distinct(aliases: Iterable[Alias]) -> list[Alias]:
    """Each number once for each relation and carrier; where one place names its carrier, another need not."""
    found = list(dict.fromkeys(aliases))
    named = {(bare(a.tracking_number), a.relation) for a in found if a.carrier is not None}
    return [a for a in found if a.carrier is not None or (bare(a.tracking_number), a.relation) not in named]


def _withdrawn(statement: Statement) -> Statement:
    values = {name: getattr(statement, name) for name in statement.__struct_fields__}
    return Statement(**{**values, "withdrawn": True})
