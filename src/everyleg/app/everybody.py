"""Everybody who can be asked, carriers and aggregators, and by whom which number is."""

from collections.abc import Callable
from datetime import datetime, timedelta

from everyleg.app.plugins import aggregators
from everyleg.numbers.detector import Detector
from everyleg.planner.asking import Known, KnownSources, NextCheck, OwnAccounts, Steady
from everyleg.planner.asking.tokens import SharedTokens
from everyleg.planner.routing.ledger import Book
from everyleg.planner.routing.router import Routing, Speaks
from everyleg.ports.asking import Source
from everyleg.ports.carrier_source import utc_now
from everyleg.ports.registry import Registry
from everyleg.ports.upstream import Upstream
from everyleg.store.db import Database


def everybody(
    database: Database,
    carriers: Registry,
    next_check: NextCheck | None = None,
    now: Callable[[], datetime] = utc_now,
    detector: Detector | None = None,
) -> Known:
    """What asking leans on: carriers by their own accounts, else aggregators within their budget.

    Args:
        database: the store.
        carriers: the registry.
        next_check: when a number is asked again; None: every six hours.
        now: the clock.
        detector: finds candidates for numbers of which nobody knows whose they are; None: nobody looks.
    """
    book = Book(database, now)
    others = aggregators(carriers, book)
    sources = KnownSources(carriers, others, now, book, SharedTokens(database))
    speaks = {slug: _speaks(source, carriers.upstream(slug)) for slug, source in others.items()}
    return Known(database, sources, Routing(OwnAccounts(sources, now), speaks, now), next_check or Steady(), detector)


def _speaks(source: Source, upstream: Upstream) -> Speaks:
    rests = timedelta(minutes=upstream.manifest.limits.cache_minutes or 0)
    detects, pays_each = getattr(source, "detects", False), getattr(source, "pays_each", False)
    return Speaks(detects, upstream.key_of, pays_each, rests)
