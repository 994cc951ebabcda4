"""A carrier that is asked as the request part of its manifest says."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from everyleg.ports.answer import Answer, transport_fault
from everyleg.ports.asking import Account, Ask, Asked, NotNowError, Outbound
from everyleg.ports.ledger import Ledger, Outcome
from everyleg.ports.manifest.paths import picker
from everyleg.ports.manifest.request import NotAskableError, Recipe, Setting, spelled_out
from everyleg.ports.manifest.schema import Before, Manifest
from everyleg.ports.manifest.tree import Unreadable, parse
from everyleg.ports.outbound.tokens import Got, NoTokenError, OwnTokens, TokenKeeper, Tokens, same_server

OBSERVED_AS = "carrier_api"
"""What observations call every carrier's own interface."""


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


class CarrierSource:
    """One carrier as a `Source`. Tokens and registrations are kept by others; nothing is here."""

    observed_as = OBSERVED_AS

    def __init__(
        self,
        manifest: Manifest,
        now: Callable[[], datetime] = utc_now,
        ledger: Ledger | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        """Compile how a carrier is asked.

        Args:
            manifest: of a carrier with a `request`.
            now: the clock that times of calls and lives of tokens go by.
            ledger: keeps who is registered; None: nobody does, and whoever has to be is at each question.
            tokens: where tokens are kept; None: in the memory of this process.

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
        self._tokens = TokenKeeper(token, now, tokens or OwnTokens()) if token is not None else None
        self._token_elsewhere = token is not None and not same_server(token.url, request.url)
        self._ledger = ledger
        recipes = [self._recipe, *(recipe for _, recipe in self._before)]
        self._facts = sorted(set[str]().union(*(recipe.facts for recipe in recipes)))
        several = all(recipe.takes_several for recipe in recipes if recipe.about_numbers)
        self.batch = max(1, manifest.limits.batch or 1) if several else 1

    async def ask(self, outbound: Outbound, account: Account, asks: Sequence[Ask]) -> list[Asked]:
        """Ask for some numbers, in as few requests as their facts allow; what lacks a fact is refused unasked.

        Raises:
            NotNowError: nothing was sent, or what was came to nothing.
        """
        answers, ready = [], list[Ask]()
        off = ["page_allowed"] if self._page and account.settings.get("page_allowed") != "yes" else []
        for ask in asks:
            lacking = off + [field for field in self._fields if not ask.facts.get(field)]
            if lacking:
                answers.append(Asked((ask,), _refused(f"needs {', '.join(lacking)}")))
            else:
                ready.append(ask)
        sent = False
        for group in self._groups(ready):
            try:
                answers.append(Asked(tuple(group), await self._answer(outbound, account, group)))
            except NotNowError:
                if not sent:
                    raise
                return answers
            sent = True
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
            if answer.status == 401 and used is not None and not used.fresh and self._tokens is not None:
                await self._tokens.drop(account, used.text)
                answer, _ = await self._once(outbound, account, asks, known)
        except NotAskableError as error:
            return _refused(str(error))
        except NoTokenError as error:
            return error.answer
        return answer

    async def _once(
        self, outbound: Outbound, account: Account, asks: Sequence[Ask], known: Mapping[str, str]
    ) -> tuple[Answer, Got | None]:
        """The answer, and the token that was used."""
        known, token = dict(known), None
        if self._tokens is not None:
            login = {k: v for k, v in known.items() if k != "base_url"} if self._token_elsewhere else known
            token = await self._tokens.get(outbound, account, login)
            known[self._tokens.name] = token.text
        failed = await self._prepare(outbound, account, asks, known)
        if failed is not None:
            return failed, token
        request = self._recipe.make(Setting(asks, known, self._now()))
        return await outbound.send(request, account), token

    async def _prepare(
        self, outbound: Outbound, account: Account, asks: Sequence[Ask], known: dict[str, str]
    ) -> Answer | None:
        """Do what has to come first; the answer where it failed, which then is the answer to the question."""
        fresh = await self._unregistered(account, asks) if any(one.once for one, _ in self._before) else ()
        outcome = Outcome(refused=fresh)  # to register them once more does no harm
        try:
            failed = await self._steps(outbound, account, (asks, fresh), known)
            if failed is None:
                outcome = Outcome(paid=fresh)
        finally:
            if fresh and self._ledger is not None:
                await self._ledger.settle(account, outcome)
        return failed

    async def _steps(
        self, outbound: Outbound, account: Account, asks: tuple[Sequence[Ask], Sequence[Ask]], known: dict[str, str]
    ) -> Answer | None:
        """`asks`: all questions, and those whose numbers are not registered."""
        for before, recipe in self._before:
            if not (wanted := asks[before.once]):
                continue
            answer = await outbound.send(recipe.make(Setting(wanted, known, self._now())), account)
            if transport_fault(answer) is not None or answer.status >= 400:
                return answer
            if (lacking := self._take(before, answer, known)) is not None:
                return lacking
        return None

    async def _unregistered(self, account: Account, asks: Sequence[Ask]) -> Sequence[Ask]:
        if self._ledger is None:
            return asks
        reserved = await self._ledger.reserve(account, asks, free=True)
        return [*reserved.register, *reserved.resume]

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
