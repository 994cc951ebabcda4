"""How 17TRACK is asked: registered first, where nobody did, then fetched. v2.4; every call is a POST."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from everyleg.ports.answer import Answer, transport_fault
from everyleg.ports.asking import Account, Ask, Asked, Outbound, Outgoing
from everyleg.ports.ledger import BEYOND, Ledger, Outcome

SLUG = "17track"
BASE = "https://api.17track.net/track/v2.4"
ALREADY = -18019901
"""Registered before: nothing is paid, and it is as good as registered."""
_OURS = "everyleg:"
"""What stands before our own word for the carrier, where 17TRACK sends it back."""


class Listed(Struct):
    """An item of an answer to `register` or `stoptrack`."""

    number: str
    error: dict[str, Any] = {}


class _Lists(Struct):
    accepted: list[Listed] = []
    rejected: list[Listed] = []


class _Envelope(Struct):
    data: _Lists
    code: int = 0


class SeventeenTrack:
    """17TRACK as a `Source`."""

    slug = SLUG
    observed_as = SLUG
    batch = 40
    detects = True
    """It finds the carrier of a number itself."""

    def __init__(self, key_of: Callable[[str], str | None], ledger: Ledger) -> None:
        """`key_of` gives what 17TRACK calls a carrier; without it 17TRACK finds the carrier itself."""
        self._key_of, self._ledger = key_of, ledger

    async def ask(self, outbound: Outbound, account: Account, asks: Sequence[Ask]) -> list[Asked]:
        """Register what nobody registered, within the month's budget, then fetch all."""
        reserved = await self._ledger.reserve(account, asks)
        beyond = set(map(_place, reserved.beyond))
        asked = [ask for ask in asks if _place(ask) not in beyond]
        answers = []
        if reserved.beyond:
            answers.append(Asked(tuple(reserved.beyond), Answer(error=BEYOND, error_kind="refused")))
        if reserved.register and (failed := await self.register(outbound, account, reserved.register)) is not None:
            return [*answers, Asked(tuple(asked), failed)] if asked else answers
        if asked:
            answer = await self._post(outbound, account, "gettrackinfo", [self._item(ask) for ask in asked])
            answers.append(Asked(tuple(asked), answer))
        return answers

    async def register(self, outbound: Outbound, account: Account, asks: Sequence[Ask]) -> Answer | None:
        """Register reserved numbers and settle with the ledger; the answer where the call itself failed."""
        items = [{**self._item(ask), "tag": _OURS + ask.carrier, **_facts(ask)} for ask in asks]
        answer = await self._post(outbound, account, "register", items)
        lists = _lists(answer)
        if lists is None:
            return answer
        paid = {one.number for one in lists.accepted}
        free = {one.number for one in lists.rejected if one.error.get("code") == ALREADY}
        refused = {one.number for one in lists.rejected} - paid - free
        outcome = Outcome(*([ask for ask in asks if ask.number in some] for some in (paid, free, refused)))
        await self._ledger.settle(account, outcome)
        return None

    async def stop(self, outbound: Outbound, account: Account, asks: Sequence[Ask]) -> Answer:
        """Have numbers followed no longer; what was paid stays paid."""
        answer = await self._post(outbound, account, "stoptrack", [self._item(ask) for ask in asks])
        lists = _lists(answer)
        if lists is not None:
            done = {one.number for one in lists.accepted}
            await self._ledger.stopped(account, [ask for ask in asks if ask.number in done])
        return answer

    def _item(self, ask: Ask) -> dict[str, Any]:
        key = self._key_of(ask.carrier)
        return {"number": ask.number, **({"carrier": int(key)} if key is not None else {})}

    @staticmethod
    async def _post(outbound: Outbound, account: Account, what: str, items: Sequence[dict[str, Any]]) -> Answer:
        base = account.settings.get("base_url") or BASE
        headers = {"17token": account.settings.get("api_key", ""), "Content-Type": "application/json"}
        return await outbound.send(Outgoing("POST", f"{base}/{what}", headers, msgspec.json.encode(items)), account)


def _facts(ask: Ask) -> dict[str, str]:
    names = {
        "postal_code": "destination_postal_code",
        "phone_tail": "phone_number_last_4",
        "country": "destination_country",
    }
    return {theirs: ask.facts[ours] for ours, theirs in names.items() if ask.facts.get(ours)}


def _place(ask: Ask) -> tuple[str, str]:
    return ask.carrier, ask.number


def _lists(answer: Answer) -> _Lists | None:
    """What was accepted and rejected; None where the call as a whole failed."""
    if transport_fault(answer) is not None or answer.status >= 400:
        return None
    try:
        envelope = msgspec.json.decode(answer.body, type=_Envelope)
    except msgspec.DecodeError:
        return None
    return envelope.data if envelope.code == 0 and (envelope.data.accepted or envelope.data.rejected) else None


source = SeventeenTrack
"""What the registry of sources makes one of."""
