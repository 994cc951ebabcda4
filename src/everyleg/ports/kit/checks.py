"""The checks: each takes a carrier and one of its samples and gives what is wrong, nothing when all is well."""

import copy
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from everyleg.core.model import Reading
from everyleg.ports.answer import Answer
from everyleg.ports.carrier import Carrier
from everyleg.ports.kit import expected
from everyleg.ports.kit.faults import fault_cases
from everyleg.ports.kit.requests import request_faults
from everyleg.ports.manifest.codes import Meaning
from everyleg.ports.manifest.reader import Asked
from everyleg.ports.manifest.tree import parse

MUTATIONS = 60
"""Garbled versions of each sample that are read."""


UNHEARD = "everyleg/unheard-of"
"""A code that no carrier has."""


class Finding(Struct, frozen=True):
    """Something a folder must mend: which check, on which sample, and what."""

    check: str
    sample: str
    detail: str


def read_sample(carrier: Carrier, path: Path) -> Reading:
    """The reading of a sample, asked without a number, as `carriers check` and the tests do."""
    return carrier.read(Answer(path.read_bytes())).reading


def expected_path(sample: Path) -> Path:
    """Where the reading expected of a sample stands."""
    return sample.with_name(sample.stem + ".reading.yaml")


def reads_as_expected(carrier: Carrier, sample: Path) -> Iterator[str]:
    """The sample reads as its reviewed reading says."""
    path = expected_path(sample)
    if not path.exists():
        yield f"no {path.name}; write it with `everyleg carriers check {carrier.manifest.slug} --write` and review it"
        return
    want = expected.load(path.read_text(encoding="utf-8"))
    got = expected.load(expected.dump(expected.short_form(read_sample(carrier, sample))))
    if got != want:
        yield f"differs from {path.name}: {_first_difference(want, got)}"


def _first_difference(want: Any, got: Any, where: str = "") -> str:
    if isinstance(want, dict) and isinstance(got, dict):
        for key in [*want, *(k for k in got if k not in want)]:
            if want.get(key) != got.get(key):
                return _first_difference(want.get(key), got.get(key), f"{where}.{key}")
    if isinstance(want, list) and isinstance(got, list):
        for i, (one, other) in enumerate(zip(want, got, strict=False)):
            if one != other:
                return _first_difference(one, other, f"{where}[{i}]")
        return f"{where or 'top'} has {len(got)} entries, expected {len(want)}"
    return f"{where or 'top'} is {got!r}, expected {want!r}"


def reads_the_same_twice(carrier: Carrier, sample: Path) -> Iterator[str]:
    """Reading again gives the same bytes."""
    first, second = (msgspec.json.encode(read_sample(carrier, sample)) for _ in range(2))
    if first != second:
        yield "two readings of the same bytes differ"


def keeps_keys_when_it_grows(carrier: Carrier, sample: Path) -> Iterator[str]:
    """An older answer, with one event fewer, gives the same keys for the others: merging old and new loses nothing."""
    full = {e.key for r in read_sample(carrier, sample).results for e in r.events}
    for older in _shortened(carrier, sample):
        keys = {e.key for r in older.results for e in r.events}
        if not keys <= full:
            yield f"{len(keys - full)} keys of an older answer are not in the newer one"
            return


def _shortened(carrier: Carrier, sample: Path) -> Iterator[Reading]:
    """Readings of the sample with the first or the last event left out, for JSON samples."""
    if sample.suffix != ".json":
        return
    _, tree = parse(sample.read_bytes())
    for place in _event_lists(tree):
        for index in (0, -1):
            shorter = copy.deepcopy(tree)
            events = _at(shorter, place)
            if len(events) > 1:
                del events[index]
                yield carrier.read(Answer(msgspec.json.encode(shorter)), audit=False).reading


def _event_lists(node: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places of lists of maps, which is what lists of events are."""
    if isinstance(node, list):
        if len(node) > 1 and all(isinstance(item, dict) for item in node):
            yield place
        for i, item in enumerate(node):
            yield from _event_lists(item, (*place, i))
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _event_lists(value, (*place, key))


def _at(node: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        node = node[key]
    return node


def survives_the_fault_table(carrier: Carrier, sample: Path) -> Iterator[str]:
    """Each fault becomes the failure it is."""
    for case in fault_cases(sample.read_bytes()):
        for result in carrier.read(case.answer, Asked(("X1",))).reading.results:
            kind = result.reason.kind if result.reason else None
            if result.outcome != "failed" or kind not in case.kinds:
                yield f"{case.name}: became {result.outcome}/{kind}, expected failed/{' or '.join(case.kinds)}"
            elif case.retry_after_s is not None and result.retry_after_s != case.retry_after_s:
                yield f"{case.name}: retry after {result.retry_after_s}, expected {case.retry_after_s}"


def warns_of_extra_fields(carrier: Carrier, sample: Path) -> Iterator[str]:
    """A field that the samples do not have is a warning, and the reading is otherwise the same."""
    if sample.suffix == ".json":
        _, tree = parse(sample.read_bytes())
        target = _first_map(tree)
        if target is None:
            return
        target["everylegUnheardOf"] = "1"
        body = msgspec.json.encode(tree)
    else:
        body = re.sub(rb"(</[^>]+>\s*)$", rb"<everylegUnheardOf>1</everylegUnheardOf>\1", sample.read_bytes().rstrip())
    reading = carrier.read(Answer(body)).reading
    before = read_sample(carrier, sample)
    if reading.reading != before.reading or _keys(reading) != _keys(before):
        yield "an extra field changed the reading"
    elif not any(w.kind == "extra_field" and "everylegUnheardOf" in w.where for w in reading.warnings):
        yield "an extra field gave no warning"


def _keys(reading: Reading) -> list[str]:
    return [e.key for r in reading.results for e in r.events]


def _first_map(tree: Any) -> dict[str, Any] | None:
    while isinstance(tree, list) and tree:
        tree = tree[0]
    return tree if isinstance(tree, dict) else None


def mutations_never_raise(carrier: Carrier, sample: Path) -> Iterator[str]:
    """A garbled sample is read, or is unreadable; nothing else happens."""
    original = sample.read_bytes()
    dice = random.Random(sample.name)  # noqa: S311 - a repeatable garbler, not a secret
    for _ in range(MUTATIONS):
        body = _garbled(original, dice)
        try:
            reading = carrier.read(Answer(body), audit=False).reading
        except Exception as error:
            yield f"a garbled answer raised {type(error).__name__}: {error}"
            return
        if reading.reading is None and any(r.outcome != "failed" for r in reading.results):
            yield "an answer that was not understood is not failed"
            return


_SWAPS = (
    lambda body, dice: re.sub(rb'"[^"]*"', b"null", body, count=dice.randrange(1, 9)),
    lambda body, dice: re.sub(rb'"[^"]*"(?=\s*[,}\]])', b"{}", body, count=dice.randrange(1, 9)),
    lambda body, dice: re.sub(rb'"[^"]*"(?=\s*[,}\]])', b"[]", body, count=dice.randrange(1, 9)),
    lambda body, dice: re.sub(rb"\[", b"{", body, count=1) if dice.random() < 0.5 else re.sub(rb">[^<]+<", b"><", body),
    lambda body, dice: re.sub(rb"\d{2,}", b"99999999999999999999", body, count=dice.randrange(1, 20)),
    lambda body, dice: bytes(b ^ (dice.random() < 0.005) for b in body),
)


def _garbled(body: bytes, dice: random.Random) -> bytes:
    for _ in range(dice.randrange(1, 3)):
        change: Callable[[bytes, random.Random], bytes] = dice.choice(_SWAPS)
        at = dice.randrange(0, max(1, len(body) - 1))
        body = body[:at] + change(body[at:], dice)
    return body


_EMAIL = re.compile(r"[\w.+-]+@([\w-]+\.)+[a-z]{2,}")
_PHONE = re.compile(r"\+\d[\d ()-]{8,}\d")
_PERSONAL = re.compile(
    r"(phone|mobile|email|street|address_?line|consignee_?name|recipient_?name|contact)", re.IGNORECASE
)
_MADE_UP = re.compile(r"example|demo|sample|test|^[\s0*xX+-]*$|^(true|false)$|made.?up", re.IGNORECASE)


def holds_nothing_personal(carrier: Carrier, sample: Path) -> Iterator[str]:
    """Samples are made up: no mail address outside example.*, no telephone number, no person's fields filled in."""
    text = sample.read_text(encoding="utf-8", errors="replace")
    for found in _EMAIL.finditer(text):
        if "example" not in found.group():
            yield f"an e-mail address: {found.group()}; use someone@example.com"
    for found in _PHONE.finditer(text):
        if "000" not in found.group():
            yield f"a telephone number: {found.group()}; use +00 000 0000"
    _, tree = parse(sample.read_bytes())
    for path, value in _leaves(tree):
        if _PERSONAL.search(path.rsplit(".", 1)[-1]) and not _MADE_UP.search(value):
            yield f"{path} looks personal: {value[:30]!r}; use a value with Example in it"


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(value, f"{path}.{key}")
    elif isinstance(node, list):
        for item in node:
            yield from _leaves(item, path)
    elif isinstance(node, str) and node.strip():
        yield path, node


CHECKS: tuple[Callable[[Carrier, Path], Iterator[str]], ...] = (
    reads_as_expected,
    reads_the_same_twice,
    keeps_keys_when_it_grows,
    survives_the_fault_table,
    warns_of_extra_fields,
    mutations_never_raise,
    holds_nothing_personal,
)
"""Every check of a sample, in the order in which they help most."""


def check_samples(carrier: Carrier) -> list[Finding]:
    """Every finding of every check over every sample."""
    return [
        Finding(check.__name__, sample.name, detail)
        for sample in carrier.samples
        for check in CHECKS
        for detail in check(carrier, sample)
    ]


def check_folder(carrier: Carrier) -> list[Finding]:
    """What is wrong with the folder as a whole: readings without sample, a tier not earned, no request possible."""
    manifest, findings = carrier.manifest, list[Finding]()
    seen = {read_sample(carrier, sample).reading for sample in carrier.samples}
    for reader in carrier.readers:
        if reader.name not in seen:
            findings.append(Finding("every_reading_has_a_sample", reader.name, "no sample is read by it"))
    against = manifest.verified.against if manifest.verified else "none"
    earned = {"none": ("catalogue",), "documents": ("catalogue", "bronze")}.get(against)
    if earned is not None and manifest.tier not in earned:
        findings.append(Finding("tier_is_earned", manifest.slug, f"tier {manifest.tier}, verified against {against}"))
    if carrier.readers and manifest.tier == "catalogue":
        findings.append(Finding("tier_is_earned", manifest.slug, "has readings; it is at least bronze"))
    findings += [Finding("can_be_asked", manifest.slug, fault) for fault in request_faults(manifest)]
    guessing = (r.name for r in carrier.readers if r.table.of(UNHEARD, None, None) != Meaning("other", "unknown_code"))
    findings += [Finding("unknown_codes_are_counted", name, "its table takes any code for known") for name in guessing]
    return findings


class CodeShare(Struct, frozen=True):
    """How much of what the samples say is mapped."""

    listed: int
    """Codes and phrases in the tables."""
    events: int
    """Events in the samples."""
    mapped: int
    """Of these, events whose code or text is known."""


def code_share(carrier: Carrier) -> CodeShare:
    """Share of codes mapped, over the samples."""
    readings = [read_sample(carrier, sample) for sample in carrier.samples]
    events = sum(len(r.events) for reading in readings for r in reading.results)
    unknown = sum(w.kind in ("unknown_code", "unknown_text") for reading in readings for w in reading.warnings)
    listed = sum(len(table.codes) + len(table.texts) for table in carrier.codes.values())
    return CodeShare(listed, events, max(0, events - unknown))
