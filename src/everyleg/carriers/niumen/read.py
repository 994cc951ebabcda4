"""NiuMen's oldest answer gives times, places and words as three parallel lists; a lone number is an error code."""

from itertools import zip_longest
from typing import Any

ERRORS = frozenset({-2, -3, -4, -7, -8, -9, -14, -15, -102, -710, -711, -720, -730, -731, -9999})
"""Return codes of the interface, as listed by its clients (littlebossERP/erp_opensource: LB_CNE, LB_YILONG)."""

LISTS = ("DATETIME", "PLACE", "INFO")


def read(tree: Any) -> Any:
    """The same tree, with the parallel lists below `TRACK_DATA` as one list `steps`; an error code alone as a map."""
    if isinstance(tree, int) and tree in ERRORS:
        return {"ReturnValue": tree}
    if isinstance(tree, dict):
        for name, answer in tree.items():
            if isinstance(answer, dict) and isinstance(answer.get("TRACK_DATA"), dict):
                tree = {
                    **tree,
                    name: {**answer, "TRACK_DATA": {**answer["TRACK_DATA"], "steps": _steps(answer["TRACK_DATA"])}},
                }
    return tree


def _steps(told: dict[str, Any]) -> list[dict[str, Any]]:
    columns = [_listed(told.get(name)) for name in LISTS]
    return [dict(zip(LISTS, step, strict=True)) for step in zip_longest(*columns)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
