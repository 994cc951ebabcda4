"""What this process measures of itself, and how measurements of several processes become one page of them.

No label tells of a person, a parcel or a workspace.
"""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families

from everyleg.api.intake import Receiver
from everyleg.store.db import Database

MEASURES = CollectorRegistry()
"""The measurements of this process."""

ProcessCollector(registry=MEASURES)

BATCHES = Histogram(
    "everyleg_batch_seconds",
    "How long a batch of the journal took, from claim to commit.",
    registry=MEASURES,
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
)
BODIES = Counter("everyleg_bodies", "Bodies taken in from the journal.", registry=MEASURES)
FILLED = Counter("everyleg_journal_filled", "Rows brought from the replicated log to the table.", registry=MEASURES)
TROUBLE = Counter("everyleg_trouble", "Rounds that ended in trouble, by what it was.", ["what"], registry=MEASURES)
LEVEL = Gauge("everyleg_shedding_level", "What is shed: 0 nothing, up to 3 (docs/operations.md).", registry=MEASURES)
SHED = Counter("everyleg_shed_requests", "Requests answered 503 to let others through.", ["part"], registry=MEASURES)
PAUSED = Counter("everyleg_asking_paused", "Rounds in which the planner asked nobody, to let others through.",
                 registry=MEASURES)  # fmt: skip

CALLS = Counter(
    "everyleg_calls", "Requests to carriers and aggregators.", ["source", "account", "outcome"], registry=MEASURES
)

Source = Callable[[], Iterable[Metric]]


def of_store(database: Database) -> list[Metric]:
    """How this process stands with the store: who waits for it, and what the journal holds before its table."""
    lag = database.journal.lag()
    return [
        GaugeMetricFamily("everyleg_pool_waiting", "Requests that wait for a connection.", database.waiting),
        GaugeMetricFamily("everyleg_journal_bundles", "Bundles in the replicated log.", lag.bundles),
        GaugeMetricFamily("everyleg_journal_spool_files", "Files of the journal's spool here.", lag.spooled),
    ]


def of_intake(receiver: Receiver) -> list[Metric]:
    """What became of the pushes that this process took in."""
    counts = receiver.counts
    pushes = CounterMetricFamily("everyleg_pushes", "Pushes, by what became of them.", labels=["fate"])
    for fate in ("stored", "spooled", "refused"):
        pushes.add_metric([fate], getattr(counts, fate))
    spooling = GaugeMetricFamily(
        "everyleg_intake_spooling", "Whether pushes wait on the disk for the store.", float(receiver.spooling)
    )
    return [pushes, spooling]


def told(text: bytes) -> list[Metric]:
    """The measurements that another process wrote down."""
    return list(text_string_to_metric_families(text.decode()))


def written(registry: CollectorRegistry = MEASURES) -> bytes:
    """The measurements of this process, for another one."""
    return generate_latest(registry)


class Page:
    """Several sources on one page, each family once; a source may be given a role that its samples are marked with."""

    def __init__(self, sources: Iterable[tuple[str | None, Source]]) -> None:
        """`sources`: role (None: none) and what gives its measurements."""
        self._sources = list(sources)

    def collect(self) -> Iterator[Metric]:
        """All families."""
        families: dict[str, Metric] = {}
        for role, source in self._sources:
            for found in source():
                family = families.setdefault(found.name, Metric(found.name, found.documentation, found.type))
                marked = {} if role is None else {"role": role}
                family.samples += [one._replace(labels={**one.labels, **marked}) for one in found.samples]
        yield from families.values()

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self)
