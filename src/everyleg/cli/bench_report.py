"""The document that every bench prints: figures, ratios, and how the ratios stand to what is asked of them."""

import os
import platform
from collections.abc import Mapping
from typing import Any


def report(
    bench: str,
    seed: int,
    figures: Mapping[str, float],
    ratios: Mapping[str, float],
    goals: Mapping[str, tuple[float, float]],
) -> dict[str, Any]:
    """The bench document of the contracts; `goals` are floor and goal by ratio or figure, `met` is about the floor.

    A goal below its floor says that less is better.
    """
    values = {**figures, **ratios}
    judged = {
        name: {
            "floor": floor,
            "goal": goal,
            "value": values[name],
            "met": values[name] <= floor if goal < floor else values[name] >= floor,
        }
        for name, (floor, goal) in goals.items()
        if name in values
    }
    return {
        "bench": bench,
        "seed": seed,
        "season": None,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "figures": figures,
        "ratios": ratios,
        "goals": judged,
    }
