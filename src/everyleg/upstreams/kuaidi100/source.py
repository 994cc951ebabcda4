"""How Kuaidi100 is asked: one number a query, each one paid; or a subscription, after which it pushes."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from everyleg.ports.answer import Answer, transport_fault
from everyleg.ports.asking import Account, Ask, Asked, NotNowError, Outbound, Outgoing
from everyleg.ports.ledger import BEYOND, Ledger, Outcome, Reserved

SLUG = "kuaidi100"
BASE = "https://poll.kuaidi100.com"
ALREADY = "501"
"""Of a subscription: it is followed already."""


class _Said(Struct):
    result: bool = False
    returnCode: str = ""  # noqa: N815 - theirs


class Kuaidi100:
    """Kuaidi100 as a `Source`."""

    slug = SLUG
    observed_as = SLUG
    batch = 1
    detects = False
    """It has to be told the carrier of a number."""
    pays_each = True
    """Each query is charged, of a number that is subscribed to as well."""

    def __init__(self, key_of: Callable[[str], str | None], ledger: Ledger) -> None:
        """`key_of` gives what Kuaidi100 calls a carrier; a number whose carrier it has no word for is not asked."""
        self._key_of, self._ledger = key_of, ledger

    async def ask(self, outbound: Outbound, account: Account, asks: Sequence[Ask]) -> list[Asked]:
        """Query each number, as far as the month's budget pays.

        An account with a `callback_url` also subscribes to each once, so that news is pushed between queries.
        """
        known = [ask for ask in asks if self._key_of(ask.carrier) is not None]
        if known and account.settings.get("callback_url"):
            reserved = await self._ledger.reserve(account, known)
            await self._subscribe(outbound, account, reserved)
        answers = [Asked((ask,), _refused("it has no word for this carrier")) for ask in asks if ask not in known]
        paid = await self._ledger.called(account, known)
        answers += [Asked((ask,), _refused(BEYOND)) for ask in known if ask not in paid]
        for at, ask in enumerate(paid):
            try:
                answers.append(Asked((ask,), await self._query(outbound, account, ask)))
            except NotNowError:
                await self._ledger.refunded(account, paid[at:])
                if not answers:
                    raise
                break
        return answers

    async def _query(self, outbound: Outbound, account: Account, ask: Ask) -> Answer:
        settings = account.settings
        facts = {"phone": ask.facts["phone_tail"]} if ask.facts.get("phone_tail") else {}
        param = _json({"com": self._key_of(ask.carrier), "num": ask.number, **facts, "resultv2": "4", "show": "0"})
        signed = f"{param}{settings.get('api_key', '')}{settings.get('customer', '')}"
        fields = {"customer": settings.get("customer", ""), "sign": _md5(signed), "param": param}
        return await self._post(outbound, account, "poll/query.do", fields)

    async def _subscribe(self, outbound: Outbound, account: Account, reserved: Reserved) -> None:
        """Subscribe to reserved numbers and settle with the ledger; after a call that failed the rest is left reserved.

        Needs the settings `callback_url` (an address of `everyleg webhooks`) and `salt` (its secret).
        """
        asks = [*reserved.register, *reserved.resume]
        for ask in asks:
            try:
                answer = await self._post(outbound, account, "poll", self._subscription(account, ask))
            except NotNowError:
                await self._ledger.settle(account, Outcome(refused=asks))
                raise
            said = _said(answer)
            if said is None:
                return
            outcome = {"200": reserved.outcome(paid=[ask]), ALREADY: reserved.outcome(free=[ask])}
            await self._ledger.settle(account, outcome.get(said.returnCode, Outcome(refused=[ask])))

    def _subscription(self, account: Account, ask: Ask) -> dict[str, str]:
        settings = account.settings
        parameters = {
            "callbackurl": settings.get("callback_url", ""),
            "salt": settings.get("salt", ""),
            "resultv2": "4",
        }
        if ask.facts.get("phone_tail"):
            parameters["phone"] = ask.facts["phone_tail"]
        key = settings.get("api_key", "")
        company = self._key_of(ask.carrier)
        param = {"company": company, "number": ask.number, "key": key, "parameters": parameters}
        return {"schema": "json", "param": _json(param)}

    @staticmethod
    async def _post(outbound: Outbound, account: Account, what: str, fields: Mapping[str, str]) -> Answer:
        base = account.settings.get("base_url") or BASE
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return await outbound.send(Outgoing("POST", f"{base}/{what}", headers, urlencode(fields).encode()), account)


def _refused(words: str) -> Answer:
    return Answer(error=words, error_kind="refused")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _md5(text: str) -> str:
    """As its documents want it; it protects nothing by itself (the way is TLS)."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def _said(answer: Answer) -> _Said | None:
    if transport_fault(answer) is not None or answer.status >= 400:
        return None
    try:
        return msgspec.json.decode(answer.body, type=_Said)
    except msgspec.DecodeError:
        return None


source = Kuaidi100
"""What the registry of sources makes one of."""
