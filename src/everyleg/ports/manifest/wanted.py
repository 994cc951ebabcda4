"""Which parts of an answer its readings look at, so that of a large XML document only those become a tree."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from everyleg.ports.manifest.paths import conditional_paths, paths_in, split_path
from everyleg.ports.manifest.schema import ErrorRule, ReadingSpec

Value = TypeVar("Value")


class Kept(dict[str, Value], Generic[Value]):
    """Tag → what is made of it, worked out once: answers repeat few tags."""

    MOST = 20_000

    def __init__(self, work: Callable[[str], Value]) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, tag: str) -> Value:
        value = self._work(tag)
        if len(self) < self.MOST:
            self[tag] = value
        return value


def local_name(tag: str) -> str:
    """A tag without its name space."""
    return tag.rsplit("}", 1)[-1]


class Wanted:
    """What is wanted of an element: all of it, or only some of its children."""

    def __init__(self) -> None:
        self.children: dict[str, Wanted] = {}
        self.text = False
        """It is wanted as text."""
        self.whole = False
        """All of it is wanted: it may be more than a text, or its attributes count."""
        self.leaf = False
        """Nothing but its text is wanted."""
        self.of_tag = Kept(self._of_tag)
        """Tag of a child → its name and what is wanted of it; None where nothing is."""

    def add(self, keys: Sequence[str], *, as_text: bool = True, as_node: bool = False) -> None:
        """Want what lies behind keys: its text, whatever it is (`as_node`), or only whether it is there."""
        if not keys:
            self.text, self.whole = self.text or as_text, self.whole or as_node
            self.leaf = self.text and not self.whole and not self.children
            return
        self.leaf = False
        key, *others = keys
        if key == "*" or key[:1] in ("@", "#"):
            self.whole = True
        elif key.isdigit():
            self.add(others, as_text=as_text, as_node=as_node)
        elif key[:1] == "[":
            self.add(key[1:-1].partition("=")[0].split("/"))
            self.add(others, as_text=as_text, as_node=as_node)
        else:
            self.children.setdefault(key, Wanted()).add(others, as_text=as_text, as_node=as_node)

    def _of_tag(self, tag: str) -> "tuple[str, Wanted] | None":
        name = local_name(tag)
        return (name, self.children[name]) if name in self.children else None


def wanted_of(readings: Iterable[ReadingSpec]) -> Wanted:
    """What any of these readings looks at, from above the root element."""
    wanted = Wanted()
    for spec in readings:
        for path, as_text in [path for text in spec.fits for path in conditional_paths(text)]:
            wanted.add(_from(path, [], []), as_text=as_text)
        for text in _errors(spec.errors):
            wanted.add(_from(text, [], []))
        if spec.not_found:
            wanted.add(split_path(spec.not_found), as_node=True)
        for results in [spec.results] if isinstance(spec.results, str) else spec.results:
            _add_parcel(wanted, spec, split_path(results))
    return wanted


def _add_parcel(wanted: Wanted, spec: ReadingSpec, parcel: list[str]) -> None:
    names = [key for key in parcel if key[:1] != "["]
    above = parcel if parcel[-1:] != names[-1:] else parcel[:-1]
    for path in [*paths_in(_parcel_picks(spec)), *_errors(spec.result_errors)]:
        wanted.add(_from(path, parcel, above))
    for numbers in (*(alias.at for alias in spec.aliases), spec.pieces):
        if isinstance(numbers, str):
            wanted.add(_from(numbers, parcel, above), as_node=True)
    for events in [spec.events] if isinstance(spec.events, str) else spec.events:
        event = _from(events, parcel, above)
        for path in paths_in(_event_picks(spec)):
            wanted.add(_from(path, event, parcel))
        for path, as_text in [path for text in spec.event.unless for path in conditional_paths(text)]:
            wanted.add(_from(path, event, parcel), as_text=as_text)


def _from(path: str, node: Sequence[str], above: Sequence[str]) -> list[str]:
    """Keys of a path from the root, given those of the node that it starts from and of the node above."""
    keys = split_path(path)
    start = {"^": above, "$": []}.get(keys[0]) if keys else None
    return [*node, *keys] if start is None else [*start, *keys[1:]]


def _parcel_picks(spec: ReadingSpec) -> list[Any]:
    parts = (spec.estimated_delivery, spec.proof, spec.weight, spec.flight)
    aliases = [pick for alias in spec.aliases for pick in (alias.at, alias.carrier)]
    return [spec.number, spec.origin, spec.destination, spec.state_hint, spec.batch, *aliases, *_fields(parts)]


def _event_picks(spec: ReadingSpec) -> list[Any]:
    event = spec.event
    times = event.time if isinstance(event.time, list) else [event.time]
    parts = (event.place, event.flight, *times, *(time.utc for time in times))
    return [event.code, event.category, event.text, event.lang, event.batch, *_fields(parts)]


def _fields(parts: Iterable[Any]) -> Iterator[Any]:
    """The picks in the fields of some parts of a reading."""
    for part in parts:
        for name in part.__struct_fields__ if part is not None else ():
            if name not in ("layouts", "basis", "utc"):
                yield getattr(part, name)


def _errors(rules: Iterable[ErrorRule]) -> list[str]:
    return paths_in([pick for rule in rules for pick in (rule.when, rule.detail, rule.number, rule.retry_after_s)])
