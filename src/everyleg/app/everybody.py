"""Everybody who can be asked, carriers and aggregators, and by whom which number is."""

from collections.abc import Callable
from datetime import datetime

from everyleg.app.plugins import aggregators
from everyleg.numbers.detector import Detector
from everyleg.planner.asking import Known, KnownSources, NextCheck, OwnAccounts, Steady
from everyleg.planner.routing.ledger import Book
from everyleg.planner.routing.router import Routing, Speaks
from everyleg.ports.carrier_source import utc_now
from everyleg.ports.registry import Registry
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
    others = aggregators(carriers, Book(database, now))
    sources = KnownSources(carriers, others, now)
    speaks = {
        slug: Speaks(getattr(source, "detects", False), carriers.upstream(slug).key_of)
        for slug, source in others.items()
    }
    return Known(database, sources, Routing(OwnAccounts(sources, now), speaks, now), next_check or Steady(), detector)
