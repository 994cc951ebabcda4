"""What forwarders' files and airlines tell of consolidations, in made-up bodies."""

from functools import lru_cache

from everyleg.app.plugins import PACKAGED
from everyleg.pipeline.intake import FILE, Received
from everyleg.pipeline.traces import Inside, Step, Traced, encode
from everyleg.ports.registry import Registry

from .acme import at, carriers, rows

MAWB = "784-55501121"
OTHER = "784-55501132"


@lru_cache
def with_sheets():
    """The made-up carriers, beside those of the package."""
    return Registry([PACKAGED, *carriers()._roots], lambda _: None)


def sheet(workspace, *traced, carrier="acme", seen=0.0):
    """Rows of a file, as received."""
    return Received(workspace, FILE, carrier, encode(carrier, traced), (), at(seen))


def inside(number, reference=MAWB, kind="mawb", since=None, until=None):
    """A row that says that a number is inside."""
    return Traced(number, [Inside(kind, reference, hour(since), hour(until))])


def status(hours, text="起飞", reference=MAWB, kind="mawb"):
    """A row that says what happened to a consolidation."""
    return Traced(f"{kind}:{reference}", events=[Step(at(hours).isoformat(), text=text)])


def hour(hours):
    return None if hours is None else at(hours)


def consolidation(database, workspace, reference=MAWB):
    query = "SELECT consolidation_id FROM consolidations WHERE workspace_id = %s AND reference = %s"
    return rows(database, query, workspace, reference)[0][0]


def number(database, workspace, tracking_number):
    query = "SELECT number_id FROM numbers WHERE workspace_id = %s AND tracking_number = %s"
    return rows(database, query, workspace, tracking_number)[0][0]
