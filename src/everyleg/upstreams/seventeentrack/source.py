"""How 17TRACK is asked: registered first, where nobody did, then fetched; stopped at the end. v2.4.

A record there is a number with a carrier. `register` costs one of the quota; fetching, stopping and following again
once (`retrack`) are free; a number that was stopped twice has to be deleted and registered anew. Every call is a POST
of up to forty items.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from everyleg.ports.answer import Answer
from everyleg.ports.asking import Account, Ask, Asked, NotNowError, Outbound, Outgoing, Stopped
from everyleg.ports.ledger import BEYOND, Ledger, Outcome, Reserved

SLUG = "17track"
BASE = "https://api.17track.net/track/v2.4"
ACCEPTED = 0
"""In place of an error: the item was taken."""
INTERNAL = -18010003
"""Of a whole call: their fault; what became of it nobody knows."""
ALREADY = -18019901
"""Registered before: nothing is paid, and it is as good as registered."""
NOT_REGISTERED = -18019902
NOT_STOPPED = -18019904
"""Of `retrack`: it is followed as it is."""
ONLY_ONCE = -18019905
"""Of `retrack`: it was followed again once before."""
NOT_TRACKING = -18019906
"""Of `stoptrack`: it is stopped already."""
SILENT = 1
"""In place of an error: told, and probably stopped by 17TRACK itself, as it had no news for so long."""
_GIVES_UP_AFTER = 30
"""Days without a new event after which 17TRACK stops by itself; a ship may take longer."""
_OURS = "everyleg:"
"""What stands before our own word for the carrier, where 17TRACK sends it back."""


class Listed(Struct):
    """An item of an answer."""

    number: str = ""
    carrier: int | str | None = None
    tag: str | None = None
    error: dict[str, Any] | None = None
    track_info: dict[str, Any] | None = None

    @property
    def code(self) -> int:
        """What became of it."""
        if self.error is not None:
            return int(self.error.get("code", INTERNAL))
        silent = ((self.track_info or {}).get("time_metrics") or {}).get("days_after_last_update")
        return SILENT if isinstance(silent, int) and silent >= _GIVES_UP_AFTER else ACCEPTED


class _Lists(Struct):
    accepted: list[Listed] | None = None
    rejected: list[Listed] | None = None
    errors: list[dict[str, Any]] | None = None

    @property
    def items(self) -> list[Listed]:
        """All that was dealt with."""
        return [*(self.rejected or ()), *(self.accepted or ())]


class _Envelope(Struct):
    data: _Lists = msgspec.field(default_factory=_Lists)
    code: int = 0

    @property
    def failed_of(self) -> set[int]:
        """Codes of a failure of the whole call, which also comes with code 0; none where items were dealt with."""
        if self.code == ACCEPTED and self.data.items:
            return set()
        return {self.code, *(one.get("code", 0) for one in self.data.errors or ())} - {ACCEPTED} or {INTERNAL}


class SeventeenTrack:
    """17TRACK as a `Source`, and a `Follower`."""

    slug = SLUG
    observed_as = SLUG
    batch = 40
    detects = True
    """It finds the carrier of a number itself."""
    pays_each = False
    """A number that is registered is told of for nothing."""

    def __init__(self, key_of: Callable[[str], str | None], ledger: Ledger) -> None:
        """`key_of` gives what 17TRACK calls a carrier; without it 17TRACK finds the carrier itself."""
        self._key_of, self._ledger = key_of, ledger

    async def ask(self, outbound: Outbound, account: Account, asks: Sequence[Ask]) -> list[Asked]:
        """Register what nobody registered, within the month's budget, then fetch all but what was refused there."""
        reserved = await self._ledger.reserve(account, asks)
        answers = await self._follow(outbound, account, reserved)
        if reserved.beyond:
            answers.append(_beyond(reserved.beyond))
        refused = {_place(ask) for one in answers for ask in one.asks}
        left = [ask for ask in asks if _place(ask) not in refused]
        try:
            return [*answers, await self._fetch(outbound, account, left)] if left else answers
        except NotNowError:
            if not answers:
                raise
            return answers

    async def stop(self, outbound: Outbound, account: Account, asks: Sequence[Ask]) -> Stopped:
        """As `Follower`; what was paid stays paid.

        It is noted first: who counts as stopped and is not is had followed again for nothing, should it be asked for.
        """
        await self._ledger.stopped(account, asks)
        answer = await self._post(outbound, account, "stoptrack", asks)
        if _failed_of(answer):
            return Stopped(failed=answer)
        return Stopped(self._told(answer, asks, ACCEPTED, NOT_REGISTERED, NOT_TRACKING))

    async def _fetch(self, outbound: Outbound, account: Account, asks: Sequence[Ask]) -> Asked:
        answer = await self._post(outbound, account, "gettrackinfo", asks)
        if lost := self._told(answer, asks, NOT_REGISTERED, SILENT):
            await self._ledger.lost(account, lost)
        return Asked(tuple(asks), answer)

    async def _follow(self, outbound: Outbound, account: Account, reserved: Reserved) -> list[Asked]:
        """Have reserved numbers followed and settle with the ledger; gives the answers to those that are not."""
        anew, answers = list(reserved.register), list[Asked]()
        if reserved.resume:
            gone, answers = await self._resume(outbound, account, reserved)
            anew += gone
        return answers + (await self._register(outbound, account, reserved, anew) if anew else [])

    async def _resume(self, outbound: Outbound, account: Account, reserved: Reserved) -> tuple[list[Ask], list[Asked]]:
        """Have stopped numbers followed again; gives those that have to be registered anew, and answers to others."""
        asks = reserved.resume
        answer = await self._sent(outbound, account, "retrack", asks)
        if _failed_of(answer):
            return [], [await self._given_up(account, asks, answer)]
        await self._ledger.settle(account, reserved.outcome(free=self._told(answer, asks, ACCEPTED, NOT_STOPPED)))
        answers = await self._left_out(account, asks, answer, ACCEPTED, NOT_STOPPED, NOT_REGISTERED, ONLY_ONCE)
        cost = self._told(answer, asks, NOT_REGISTERED, ONLY_ONCE)
        paid = await self._ledger.charge(account, cost)
        if beyond := [ask for ask in cost if ask not in paid]:
            await self._ledger.settle(account, Outcome(refused=beyond))
            answers.append(_beyond(beyond))
        twice = [ask for ask in self._told(answer, asks, ONLY_ONCE) if ask in paid]
        left = await self._delete(outbound, account, twice) if twice else []
        failed = {_place(ask) for one in left for ask in one.asks}
        return [ask for ask in paid if _place(ask) not in failed], answers + left

    async def _delete(self, outbound: Outbound, account: Account, asks: Sequence[Ask]) -> list[Asked]:
        """Make room for numbers to be registered anew; gives the answers to those that are still there."""
        answer = await self._sent(outbound, account, "deletetrack", asks)
        if _failed_of(answer):
            return [await self._given_up(account, asks, answer)]
        return await self._left_out(account, asks, answer, ACCEPTED, NOT_REGISTERED)

    async def _register(
        self, outbound: Outbound, account: Account, reserved: Reserved, asks: Sequence[Ask]
    ) -> list[Asked]:
        """Register, and settle with the ledger; gives the answers to those that are not registered now."""
        answer = await self._sent(outbound, account, "register", asks)
        if _failed_of(answer):
            return [await self._given_up(account, asks, answer)]
        outcome = reserved.outcome(self._told(answer, asks, ACCEPTED), self._told(answer, asks, ALREADY))
        await self._ledger.settle(account, outcome)
        return await self._left_out(account, asks, answer, ACCEPTED, ALREADY)

    async def _sent(self, outbound: Outbound, account: Account, what: str, asks: Sequence[Ask]) -> Answer:
        """Send what reserved numbers need; where it may not leave now, they are not reserved any more."""
        try:
            return await self._post(outbound, account, what, asks)
        except NotNowError:
            await self._ledger.settle(account, Outcome(refused=asks))
            raise

    async def _given_up(self, account: Account, asks: Sequence[Ask], answer: Answer) -> Asked:
        """A call that failed as a whole: reserved no more where it is sure that nothing came of it."""
        if INTERNAL not in _failed_of(answer):
            await self._ledger.settle(account, Outcome(refused=asks))
        return Asked(tuple(asks), answer)

    async def _left_out(self, account: Account, asks: Sequence[Ask], answer: Answer, *fine: int) -> list[Asked]:
        """Numbers that were rejected for other reasons than these: their answer says why."""
        said = self._said(answer, asks)
        refused = [ask for ask in asks if _place(ask) in said and said[_place(ask)] not in fine]
        if not refused:
            return []
        await self._ledger.settle(account, Outcome(refused=refused))
        return [Asked(tuple(refused), answer)]

    def _told(self, answer: Answer, asks: Sequence[Ask], *codes: int) -> list[Ask]:
        """The numbers of which an answer says one of these."""
        said = self._said(answer, asks)
        return [ask for ask in asks if said.get(_place(ask)) in codes]

    def _said(self, answer: Answer, asks: Sequence[Ask]) -> dict[tuple[str, str], int]:
        """What became of each number, by its carrier and itself."""
        envelope = _envelope(answer)
        if envelope is None:
            return {}
        mine: dict[str, list[Ask]] = {}
        for ask in asks:
            mine.setdefault(ask.number, []).append(ask)
        found: dict[tuple[str, str], int] = {}
        for item in envelope.data.items:
            for ask in self._meant(item, mine.get(item.number, ())):
                found[_place(ask)] = item.code
        return found

    def _meant(self, item: Listed, asks: Sequence[Ask]) -> Sequence[Ask]:
        """Of the questions about an item's number those about its carrier: a number of two carriers is two records."""
        if len(asks) < 2:
            return asks
        if item.tag:
            return [ask for ask in asks if item.tag == _OURS + ask.carrier]
        return [ask for ask in asks if str(item.carrier or "") == (self._key_of(ask.carrier) or "")]

    async def _post(self, outbound: Outbound, account: Account, what: str, asks: Sequence[Ask]) -> Answer:
        base = account.settings.get("base_url") or BASE
        headers = {"17token": account.settings.get("api_key", ""), "Content-Type": "application/json"}
        items = msgspec.json.encode([self._item(what, ask) for ask in asks])
        return await outbound.send(Outgoing("POST", f"{base}/{what}", headers, items), account)

    def _item(self, what: str, ask: Ask) -> dict[str, Any]:
        key = self._key_of(ask.carrier)
        item = {"number": ask.number, **({"carrier": int(key)} if key is not None else {})}
        return {**item, "tag": _OURS + ask.carrier, **_facts(ask)} if what == "register" else item


def _beyond(asks: Sequence[Ask]) -> Asked:
    return Asked(tuple(asks), Answer(error=BEYOND, error_kind="refused"))


def _facts(ask: Ask) -> dict[str, str]:
    names = {
        "postal_code": "destination_postal_code",
        "phone_tail": "phone_number_last_4",
        "country": "destination_country",
    }
    return {theirs: ask.facts[ours] for ours, theirs in names.items() if ask.facts.get(ours)}


def _place(ask: Ask) -> tuple[str, str]:
    return ask.carrier, ask.number


def _failed_of(answer: Answer) -> set[int]:
    """Why a call failed as a whole, as its codes or its HTTP status: `INTERNAL` where something may have come of it;
    nothing where it was processed.
    """
    if answer.status >= 500 or (answer.error is not None and answer.error_kind != "refused"):
        return {INTERNAL}
    if answer.status >= 400 or answer.error is not None:
        return {answer.status}
    envelope = _envelope(answer)
    return envelope.failed_of if envelope is not None else {INTERNAL}


def _envelope(answer: Answer) -> _Envelope | None:
    """What an answer lists; None where it is no answer of 17TRACK's."""
    if answer.error is not None or answer.status >= 400:
        return None
    try:
        return msgspec.json.decode(answer.body, type=_Envelope)
    except msgspec.DecodeError:
        return None


source = SeventeenTrack
"""What the registry of sources makes one of."""
