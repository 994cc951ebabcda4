"""What is known before anything was learned: how soon news follows each kind of event, and what moves together.

`data/prior.json` holds it for what happened, whoever the carrier is. It is learned from seasons of the lab
(`scripts/make_prior.py`), whose figures and sources `docs/lab.md` names, and gives way to own data.
"""

from functools import cache
from importlib.resources import files

import msgspec
import numpy as np
from msgspec import Struct

from everyleg.durations.gaps import State
from everyleg.durations.hazards import Hazards
from everyleg.durations.together import Together


class _Known(Struct):
    """The file."""

    states: list[str]
    """Sub-statuses; the first is the general case, an empty word."""
    factors: list[list[list[list[float]]]]
    """Four, each [states, kinds, places]."""
    left: dict[str, list[float]]
    came: dict[str, list[float]]
    """Sub-status → pairs by lag."""


@cache
def prior() -> tuple[Hazards, Together]:
    """Hazards and togetherness of the shipped file."""
    body = files("everyleg.durations").joinpath("data/prior.json").read_bytes()
    return decode(body)


def decode(body: bytes) -> tuple[Hazards, Together]:
    """Those that `encode` wrote."""
    known = msgspec.json.decode(body, type=_Known)
    a, h, d, f = (np.array(factor) for factor in known.factors)
    index = {State(word): place for place, word in enumerate(known.states)}
    left, came = ({(k, ""): np.array(v) for k, v in sums.items()} for sums in (known.left, known.came))
    return Hazards(index, (a, h, d, f)), Together(left, came)


def encode(hazards: Hazards, together: Together) -> bytes:
    """The general case and what happened, to three digits; who told it and where to is left out."""
    known = [state for state in hazards.index_of if state == state.level(1)]
    places = [hazards.index_of[state] for state in known]
    factors = [[[[float(f"{x:.3g}") for x in row] for row in rows] for rows in f[places]] for f in hazards.factors]
    left, came = (
        {told: [float(x) for x in pairs] for (told, carrier), pairs in sums.items() if not carrier}
        for sums in (together.left, together.came)
    )
    return msgspec.json.encode(_Known([state.sub_status for state in known], factors, left, came))
