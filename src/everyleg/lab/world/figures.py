"""The two kinds of figures that describe the world, each with the key of its source in `sources.yaml`."""

from msgspec import Struct


class Share(Struct, frozen=True, forbid_unknown_fields=True):
    """How often something is so: 0…1."""

    value: float
    source: str


class Span(Struct, frozen=True, forbid_unknown_fields=True):
    """How long something takes: lognormal, with an optional heavy tail."""

    median_h: float
    """Median in hours; of working time where the table says so."""
    sigma: float
    """Standard deviation of the natural logarithm."""
    source: str
    tail: float = 0.0
    """Share of the cases that take `times` as long."""
    times: float = 1.0
