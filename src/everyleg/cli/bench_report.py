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
    """The bench document of the contracts; `goals` are floor and goal by ratio, `met` is about the floor."""
    judged = {
        name: {"floor": floor, "goal": goal, "value": ratios[name], "met": ratios[name] >= floor}
        for name, (floor, goal) in goals.items()
        if name in ratios
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
