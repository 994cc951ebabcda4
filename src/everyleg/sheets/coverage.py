"""What of a seller's own sheet can be followed: how much now and with what, and the cheapest way to the rest.

A number of a carrier that it does not name itself is judged by all carriers that it may be of: they are asked in order,
so the best of them counts. Nothing is asked to find this out, and nothing of the sheet is kept.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from msgspec import Struct, field

from everyleg.numbers.detector import Detector
from everyleg.numbers.ranking import tied
from everyleg.ports.access import Access
from everyleg.sheets.rows import Row

How = Literal["account", "open", "push", "aggregator"]
"""By what a number can be followed now, the best first: an account with the carrier, its interface without a key, its
pushes, an account with an aggregator."""

Deed = Literal["fill", "address", "key", "push", "aggregator", "contract"]
"""What would make more of them be followed: a column filled, an address, a key, a push, an aggregator's key, a
contract."""

EFFORT: dict[Deed, int] = {"fill": 1, "address": 2, "key": 2, "push": 2, "aggregator": 2, "contract": 8}
"""How much work a deed is, once: a column is filled by oneself, a key wants an application, a contract takes weeks."""
PAID = 100
"""What it costs beside that to pay an aggregator for every number. So a key of the carrier's own is worth its
application from a fiftieth of the numbers on, and what is left to an aggregator is the long tail."""

_PHONE = re.compile(r"phone|mobile|\btel|电话|手机", re.IGNORECASE)
_TAIL = re.compile(r"(?:\D*\d){4}")
_WAYS: dict[str, Deed] = {"address": "address", "key": "key", "contract": "contract"}

AccessOf = Callable[[str], Access]
"""What one must have for a carrier of a slug."""


class Means(Struct, frozen=True):
    """What a workspace has already."""

    accounts: frozenset[str] = frozenset()
    """Slugs of carriers and aggregators that it can ask."""
    pushing: frozenset[str] = frozenset()
    """Slugs of those that have an address to push to."""
    shut: frozenset[str] = frozenset()
    """Slugs of those that need no key and that somebody has paused all the same."""


class Step(Struct, frozen=True):
    """One thing to do, and what it gains."""

    deed: Deed
    about: str
    """Slug of a carrier or aggregator, or the name of a fact to fill in."""
    gains: int
    """Numbers that can be followed after it and not before."""
    share_after: float
    """Of all numbers, after it and those before it, 0…1."""
    carriers: list[str]
    """Whose numbers it gains, most first."""
    fields: list[str] = []
    """Facts to be filled in with it."""
    apply: str | None = None
    """Where."""
    settings: list[str] = []
    """What an account will be asked for."""


class Covered(Struct, frozen=True):
    """The numbers of one carrier, or of several that cannot be told apart."""

    carriers: list[str]
    numbers: int
    followed: int
    how: dict[str, int]
    """By what → numbers; an aggregator with its slug: `aggregator:17track`."""
    missing: dict[str, int]
    """Facts that it wants → numbers without them."""


class Coverage(Struct, frozen=True):
    """What of a sheet can be followed."""

    schema: int
    rows: int
    refused: int
    """Rows that are no parcels: without a number, or with one that a spreadsheet has destroyed."""
    numbers: int
    followed: int
    share: float
    how: dict[str, int]
    carriers: list[Covered]
    """Most numbers first."""
    steps: list[Step]
    """To be done in this order: each is the one that gains most for what it costs after those before it."""
    left: int
    """Numbers that none of the steps gains: of carriers that nobody here can ask."""


class _Group(Struct, frozen=True):
    """Numbers that are alike in all that decides."""

    carriers: tuple[str, ...]
    facts: frozenset[str]


class _State(Struct):
    """What has been gained so far."""

    means: Means
    filled: set[str] = field(default_factory=set)

    def after(self, deed: Deed, about: str, fields: Sequence[str]) -> "_State":
        filled = self.filled | set(fields) | ({about} if deed == "fill" else set())
        accounts = self.means.accounts | ({about} if deed in ("address", "key", "aggregator", "contract") else set())
        pushing = self.means.pushing | ({about} if deed == "push" else set())
        return _State(Means(accounts, pushing, self.means.shut), filled)


def coverage(rows: Iterable[Row], detector: Detector, access_of: AccessOf, means: Means) -> Coverage:
    """What of a sheet can be followed.

    Args:
        rows: as `incoming.read` gives them; taken one by one.
        detector: names the carriers that a number may be of.
        access_of: what one must have for a carrier.
        means: what the workspace has.

    Raises:
        SheetError: as `rows` raises it.
    """
    counted, read, refused = _counted(rows, detector)
    judge = _Judge(access_of)
    start = _State(means)
    numbers = sum(counted.values())
    how = Counter[str]()
    for group, count in counted.items():
        if found := judge.how(group, start):
            how[found] += count
    steps = _steps(counted, judge, start)
    followed = sum(how.values())
    return Coverage(
        schema=1,
        rows=read,
        refused=refused,
        numbers=numbers,
        followed=followed,
        share=_share(followed, numbers),
        how=dict(how.most_common()),
        carriers=_by_carrier(counted, judge, start),
        steps=steps,
        left=numbers - followed - sum(step.gains for step in steps),
    )


def _counted(rows: Iterable[Row], detector: Detector) -> tuple[Counter[_Group], int, int]:
    """Numbers by group, each once; rows, and rows refused."""
    counted, seen = Counter[_Group](), set[str]()
    read = refused = 0
    for row in rows:
        read += 1
        refused += bool(row.refusals)
        facts = _facts(row)
        for ref in () if row.refusals else row.numbers:
            if ref.tracking_number not in seen:
                seen.add(ref.tracking_number)
                carriers = (ref.carrier,) if ref.carrier else _candidates(detector, ref.tracking_number)
                counted[_Group(carriers, facts)] += 1
    return counted, read, refused


def _candidates(detector: Detector, number: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.carrier for one in tied(detector.detect(number).candidates)))


def _facts(row: Row) -> frozenset[str]:
    """Facts that carriers may want and that the row tells."""
    told = {"postal_code": row.postcode, "country": row.country, "order_reference": row.order}
    phone = any(_PHONE.search(name) and _TAIL.match(value) for name, value in row.attributes.items())
    return frozenset([name for name, value in told.items() if value] + (["phone_tail"] if phone else []))


class _Judge:
    """Says by what a group can be followed, and what would make it so."""

    def __init__(self, access_of: AccessOf) -> None:
        self.access_of = access_of

    def how(self, group: _Group, state: _State) -> str | None:
        """By what its numbers can be followed: the best of the carriers that they may be of."""
        found = [how for slug in group.carriers if (how := self._of(self.access_of(slug), group, state))]
        return min(found, key=_rank, default=None)

    def _of(self, access: Access, group: _Group, state: _State) -> str | None:
        slug, means = access.carrier, state.means
        enough = not self.lacking(access, group, state)
        if enough and slug in means.accounts and access.way in (*_WAYS, "open", "page"):
            return "account"
        if enough and access.way == "open" and slug not in means.shut:
            return "open"
        if slug in means.pushing:
            return "push"
        return next((f"aggregator:{one}" for one in access.aggregators if one in means.accounts), None)

    def lacking(self, access: Access, group: _Group, state: _State) -> list[str]:
        """Facts that a carrier wants and that are not told."""
        return [name for name in access.fields if name not in group.facts and name not in state.filled]

    def deeds(self, group: _Group, state: _State) -> set[tuple[Deed, str, tuple[str, ...]]]:
        """What would make a group be followed: deed, about whom, and facts to fill in with it."""
        found: set[tuple[Deed, str, tuple[str, ...]]] = set()
        for access in map(self.access_of, group.carriers):
            lacking = tuple(self.lacking(access, group, state))
            if access.way == "open" or access.carrier in state.means.accounts:
                found |= {("fill", name, lacking) for name in lacking}
            elif access.way in _WAYS:
                found.add((_WAYS[access.way], access.carrier, lacking))
            if access.way == "push":
                found.add(("push", access.carrier, ()))
            found |= {("aggregator", one, ()) for one in access.aggregators}
        return found


def _rank(how: str) -> int:
    return ("account", "open", "push", "aggregator").index(how.partition(":")[0])


def _steps(counted: Counter[_Group], judge: _Judge, state: _State) -> list[Step]:
    """Again and again the deed that gains most for what it costs."""
    steps: list[Step] = []
    numbers = sum(counted.values())
    open_groups = {group: count for group, count in counted.items() if judge.how(group, state) is None}
    while open_groups:
        gained: dict[tuple[Deed, str], Counter[_Group]] = {}
        fields: dict[tuple[Deed, str], set[str]] = {}
        for group, count in open_groups.items():
            for deed, about, lacking in judge.deeds(group, state):
                gained.setdefault((deed, about), Counter())[group] += count
                fields.setdefault((deed, about), set()).update(lacking)
        if not gained:
            break
        deed, about = min(gained, key=lambda one: (-_worth(one[0], gained[one].total() / numbers), one))
        filled = sorted(fields[deed, about])
        state = state.after(deed, about, filled)
        won = gained[deed, about]
        open_groups = {group: count for group, count in open_groups.items() if group not in won}
        after = _share(numbers - sum(open_groups.values()), numbers)
        steps.append(_step(judge, (deed, about), won, after, filled))
    return steps


def _worth(deed: Deed, share: float) -> float:
    """What a deed gains for what it costs."""
    return share / (EFFORT[deed] + (PAID * share if deed == "aggregator" else 0))


def _step(judge: _Judge, what: tuple[Deed, str], won: Counter[_Group], after: float, filled: list[str]) -> Step:
    deed, about = what
    whose = Counter[str]()
    for group, count in won.items():
        whose[group.carriers[0]] += count
    known = judge.access_of(about) if deed != "fill" else None
    return Step(
        deed=deed,
        about=about,
        gains=won.total(),
        share_after=after,
        carriers=[slug for slug, _ in whose.most_common()],
        fields=[name for name in filled if name != about],
        apply=known.apply if known else None,
        settings=known.settings if known else [],
    )


def _by_carrier(counted: Counter[_Group], judge: _Judge, state: _State) -> list[Covered]:
    by: dict[tuple[str, ...], list[tuple[_Group, int]]] = {}
    for group, count in counted.items():
        by.setdefault(group.carriers, []).append((group, count))
    found = [_covered(list(carriers), groups, judge, state) for carriers, groups in by.items()]
    return sorted(found, key=lambda one: (-one.numbers, one.carriers))


def _covered(carriers: list[str], groups: list[tuple[_Group, int]], judge: _Judge, state: _State) -> Covered:
    how, missing = Counter[str](), Counter[str]()
    for group, count in groups:
        if found := judge.how(group, state):
            how[found] += count
        wanted = {name for slug in carriers for name in judge.lacking(judge.access_of(slug), group, state)}
        missing.update(dict.fromkeys(wanted, count))
    numbers = sum(count for _, count in groups)
    return Covered(carriers, numbers, how.total(), dict(how.most_common()), dict(missing))


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
