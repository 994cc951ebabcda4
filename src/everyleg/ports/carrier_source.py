"""A carrier that is asked as the request part of its manifest says."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from everyleg.ports.answer import Answer, transport_fault
from everyleg.ports.asking import Account, Ask, Asked, Outbound
from everyleg.ports.manifest.paths import picker
from everyleg.ports.manifest.request import NotAskableError, Recipe, Setting, spelled_out
from everyleg.ports.manifest.schema import Before, Manifest
from everyleg.ports.manifest.tree import Unreadable, parse
from everyleg.ports.outbound.tokens import NoTokenError, TokenKeeper, same_server

OBSERVED_AS = "carrier_api"
"""What observations call every carrier's own interface."""

_REGISTERED = 100_000
"""Registrations that are remembered; one that is forgotten is made again, which does no harm."""


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


class CarrierSource:
    """One carrier as a `Source`. Tokens and registrations are kept in memory; nothing else is."""

    observed_as = OBSERVED_AS

    def __init__(self, manifest: Manifest, now: Callable[[], datetime] = utc_now) -> None:
        """Compile how a carrier is asked.

        Args:
            manifest: of a carrier with a `request`.
            now: the clock that times of calls and lives of tokens go by.

        Raises:
            ValueError: the manifest has no `request`.
        """
        if manifest.request is None:
            raise ValueError(f"{manifest.slug} says not how it is asked")
        request, token = spelled_out(manifest.request)
        self.slug = manifest.slug
        self._settings, self._fields, self._now = manifest.settings, manifest.needs.fields, now
        self._page = manifest.needs.consumer_site
        self._request, self._recipe = request, Recipe(request)
        self._before = [(one, Recipe(one)) for one in request.before]
        self._tokens = TokenKeeper(token, now) if token is not None else None
        self._token_elsewhere = token is not None and not same_server(token.url, request.url)
        self._registered = OrderedDict[tuple[int, int, int, str], None]()
        recipes = [self._recipe, *(recipe for _, recipe in self._before)]
        self._facts = sorted(set[str]().union(*(recipe.facts for recipe in recipes)))
        several = all(recipe.takes_several for recipe in recipes if recipe.about_numbers)
        self.batch = max(1, manifest.limits.batch or 1) if several else 1

    async def ask(self, outbound: Outbound, account: Account, asks: Sequence[Ask]) -> list[Asked]:
        """Ask for some numbers, in as few requests as their facts allow; what lacks a fact is refused unasked."""
        answers, ready = [], list[Ask]()
        off = ["page_allowed"] if self._page and account.settings.get("page_allowed") != "yes" else []
        for ask in asks:
            lacking = off + [field for field in self._fields if not ask.facts.get(field)]
            if lacking:
                answers.append(Asked((ask,), _refused(f"needs {', '.join(lacking)}")))
            else:
                ready.append(ask)
        for group in self._groups(ready):
            answers.append(Asked(tuple(group), await self._answer(outbound, account, group)))
        return answers

    def _groups(self, asks: Sequence[Ask]) -> Iterator[list[Ask]]:
        """Questions that fit into one request: as many as it takes, and alike in what is said once."""
        alike: dict[tuple[str | None, ...], list[Ask]] = {}
        for ask in asks:
            alike.setdefault(tuple(ask.facts.get(name) for name in self._facts), []).append(ask)
        for group in alike.values():
            for start in range(0, len(group), self.batch):
                yield group[start : start + self.batch]

    async def _answer(self, outbound: Outbound, account: Account, asks: Sequence[Ask]) -> Answer:
        known = {**self._settings, **account.settings}
        try:
            answer, used = await self._once(outbound, account, asks, known)
            if answer.status == 401 and used is not None and self._tokens is not None:
                self._tokens.forget(account, used)
                answer, _ = await self._once(outbound, account, asks, known)
        except NotAskableError as error:
            return _refused(str(error))
        except NoTokenError as error:
            return error.answer
        return answer

    async def _once(
        self, outbound: Outbound, account: Account, asks: Sequence[Ask], known: Mapping[str, str]
    ) -> tuple[Answer, str | None]:
        """The answer, and the token that was used."""
        known, token = dict(known), None
        if self._tokens is not None:
            login = {k: v for k, v in known.items() if k != "base_url"} if self._token_elsewhere else known
            token = known[self._tokens.name] = await self._tokens.get(outbound, account, login)
        for before, recipe in self._before:
            failed = await self._prepare(outbound, account, (before, recipe), asks, known)
            if failed is not None:
                return failed, token
        request = self._recipe.make(Setting(asks, known, self._now()))
        return await outbound.send(request, account), token

    async def _prepare(
        self,
        outbound: Outbound,
        account: Account,
        step: tuple[Before, Recipe],
        asks: Sequence[Ask],
        known: dict[str, str],
    ) -> Answer | None:
        """Do what has to come first; the answer where it failed, which then is the answer to the question."""
        before, recipe = step
        places = [(account.workspace, account.account_id, id(before), ask.number) for ask in asks]
        wanted = [ask for ask, place in zip(asks, places, strict=True) if place not in self._registered]
        if before.once and not wanted:
            return None
        request = recipe.make(Setting(wanted if before.once else asks, known, self._now()))
        answer = await outbound.send(request, account)
        if transport_fault(answer) is not None or answer.status >= 400:
            return answer
        if before.once:
            self._remember(places)
        return self._take(before, answer, known)

    def _remember(self, places: Sequence[tuple[int, int, int, str]]) -> None:
        self._registered.update(dict.fromkeys(places))
        while len(self._registered) > _REGISTERED:
            self._registered.popitem(last=False)

    @staticmethod
    def _take(before: Before, answer: Answer, known: dict[str, str]) -> Answer | None:
        """Keep what the next request needs; the answer itself where it does not hold it (an unknown number, say)."""
        if not before.take:
            return None
        try:
            _, tree = parse(answer.body)
        except Unreadable:
            return answer
        for name, path in before.take.items():
            value = picker(path)(tree, tree, tree)
            if value is None:
                return answer
            known[name] = value
        return None


def _refused(words: str) -> Answer:
    return Answer(error=words, error_kind="refused")
