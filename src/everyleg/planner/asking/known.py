"""Who can be asked: carriers by their manifests, and aggregators where there are some."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from psycopg import Connection

from everyleg.accounts.sources import PROXY, Ready, SourceAccount, allowance_of
from everyleg.core.model import Reading
from everyleg.planner.asking.contract import Given, Refusal, Route, Sources
from everyleg.planner.asking.questions import Question
from everyleg.ports.answer import Answer
from everyleg.ports.asking import Account, Source
from everyleg.ports.carrier_source import CarrierSource, utc_now
from everyleg.ports.ledger import Ledger
from everyleg.ports.manifest.load import ManifestError
from everyleg.ports.manifest.reader import Asked
from everyleg.ports.manifest.request import Recipe
from everyleg.ports.manifest.schema import Limits, Manifest
from everyleg.ports.outbound.tokens import Tokens
from everyleg.ports.registry import Registry, UnknownCarrier
from everyleg.store.quotas import Allowance
from everyleg.store.sealing import Keyring


class KnownSources:
    """The carriers of a registry, and other sources by their slugs."""

    def __init__(
        self,
        carriers: Registry,
        others: Mapping[str, Source] | None = None,
        now: Callable[[], datetime] = utc_now,
        ledger: Ledger | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        """`others`: aggregators; a slug there stands before a carrier's. `now`: the clock that tokens live by.
        `ledger`: knows which numbers are registered with carriers that want that. `tokens`: where tokens are kept; in
        the memory of this process unless said.
        """
        self._carriers, self._others, self._now = carriers, others or {}, now
        self._ledger, self._tokens = ledger, tokens
        self._made: dict[str, Source | None] = {}
        self._air: dict[str, tuple[str, ...]] | None = None

    def source(self, slug: str) -> Source | None:
        """As `Sources`."""
        if slug in self._others:
            return self._others[slug]
        if slug not in self._made:
            manifest = self._manifest(slug)
            askable = manifest is not None and manifest.request is not None
            self._made[slug] = None
            if askable and manifest is not None:
                self._made[slug] = CarrierSource(manifest, self._now, self._ledger, self._tokens)
        return self._made[slug]

    def limits(self, slug: str) -> Limits:
        """As `Sources`."""
        manifest = self._manifest(slug)
        return manifest.limits if manifest is not None else Limits()

    def open_to_all(self, slug: str) -> bool:
        """As `Sources`: its manifest asks for no login and no setting."""
        manifest = self._manifest(slug)
        if manifest is None or manifest.request is None or slug in self._others:
            return False
        return manifest.needs.auth == "none" and all(name in manifest.settings for name in manifest.needs.settings)

    def counted_with(self, account: Account) -> str | None:
        """As `Sources`; accounts with a proxy are other callers, those with their own `base_url` ask another server."""
        manifest = self._manifest(account.source)
        if manifest is None or manifest.request is None or account.source in self._others:
            return None
        if manifest.needs.auth != "none":
            return None
        server = account.settings.get("base_url") or manifest.settings.get("base_url") or manifest.request.url
        return " ".join((account.source, _host(server), _host(account.proxy or "")))

    def for_waybill(self, airline: str) -> Sequence[str]:
        """As `Sources`: those whose request says how, and that name this airline or none."""
        if self._air is None:
            able = ((slug, self._manifest(slug)) for slug in self._carriers.folders)
            self._air = {slug: tuple(one.airlines) for slug, one in able if one is not None and _takes_waybills(one)}
        own = [slug for slug, airlines in self._air.items() if airline in airlines]
        return own + [slug for slug, airlines in self._air.items() if not airlines]

    def asks_for_others(self, slug: str) -> bool:
        """As `Sources`."""
        return slug in self._others

    def read(self, slug: str, answer: Answer, numbers: Sequence[str], at: datetime) -> Reading | None:
        """As `Sources`."""
        try:
            reader = self._carriers.carrier(slug)
        except (UnknownCarrier, ManifestError):
            return None
        return reader.read(answer, Asked(tuple(numbers), at), audit=False).reading

    def _manifest(self, slug: str) -> Manifest | None:
        try:
            return self._carriers.manifest(slug)
        except (UnknownCarrier, ManifestError):
            return None


def allowance(sources: Sources, one: Ready) -> Allowance:
    """What an account may ask, and whom it is counted together with."""
    return allowance_of(one.limit, sources.limits(one.account.source), sources.counted_with(one.account))


def allowance_shown(sources: Sources, workspace: int, one: SourceAccount) -> Allowance:
    """The same of an account whose settings may not be read: one with a server or a way of its own is shown alone."""
    elsewhere = {PROXY, "base_url"} & set(one.settings)
    account = Account(one.account_id, workspace, one.source)
    pool = None if elsewhere else sources.counted_with(account)
    return allowance_of(one.limit, sources.limits(one.source), pool)


def _takes_waybills(manifest: Manifest) -> bool:
    return manifest.request is not None and Recipe(manifest.request).takes_waybills


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return url


class OwnAccounts:
    """The simplest `Router`: a carrier's own interface, by the first account that works, or without one where it asks
    for none.
    """

    def __init__(self, sources: Sources, now: Callable[[], datetime] = utc_now) -> None:
        """`now`: what accounts that are held back are compared with."""
        self._sources, self._now = sources, now

    def route(
        self, worker: Connection[Any], workspace: int, questions: Sequence[Question], accounts: Sequence[Ready]
    ) -> Sequence[Route | Refusal]:
        """As `Router`."""
        return [self._one(question.ask.carrier, accounts) for question in questions]

    def _one(self, carrier: str, accounts: Sequence[Ready]) -> Route | Refusal:
        if not carrier:
            return Refusal("nobody knows yet whose number it is")
        if self._sources.source(carrier) is None:
            return Refusal(f"{carrier} cannot be asked by itself")
        mine = [one for one in accounts if one.account.source == carrier]
        awake = [one for one in mine if not one.paused]
        if awake:
            return Route(carrier, min(awake, key=self._rank).account.account_id)
        if mine:
            return Refusal(f"every account with {carrier} is paused")
        return Route(carrier) if self._sources.open_to_all(carrier) else Refusal(f"needs an account with {carrier}")

    def _rank(self, one: Ready) -> tuple[datetime, int, int]:
        """Those that may be asked now first, then by priority."""
        held = one.health.retry_at
        until = held if held is not None and held > self._now() else datetime.min.replace(tzinfo=UTC)
        return until, one.priority, one.account.account_id


class Steady:
    """The simplest `NextCheck`: every so many hours, later after each failure's own time."""

    def __init__(self, every: timedelta = timedelta(hours=6)) -> None:
        """`every`: between two checks."""
        self._every = every

    def after(
        self, worker: Connection[Any], keys: Keyring, workspace: int, given: Sequence[Given], now: datetime
    ) -> Mapping[int, datetime | None]:
        """As `NextCheck`."""
        return {one.number_id: max(now + self._every, one.retry_at or now) for one in given}
