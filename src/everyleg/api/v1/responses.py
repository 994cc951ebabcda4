"""What each route can answer besides what it is for, for its description."""

from litestar.openapi.datastructures import ResponseSpec

from everyleg.api.v1.problems import KINDS, MEDIA_TYPE, Problem


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """The problems that a route can answer with: those of its own, and those of every route."""
    told = {status: _titles(status) for status in (*statuses, *_ALL)}
    return {
        status: ResponseSpec(Problem, generate_examples=False, description=title, media_type=MEDIA_TYPE)
        for status, title in sorted(told.items())
    }


def answer(shape: type | None, description: str) -> ResponseSpec:
    """What a route answers where all is well."""
    return ResponseSpec(shape, generate_examples=False, description=description)


def _titles(status: int) -> str:
    return "; ".join(kind.title for kind in KINDS.values() if kind.status == status)


_ALL = (400, 401, 403, 422, 429, 500, 503)
