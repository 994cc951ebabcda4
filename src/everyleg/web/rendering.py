"""From a template and what it shows to bytes: one Jinja environment, everything escaped."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from everyleg.web.components.drawing import thread
from everyleg.web.static_files import address

FOLDER = Path(__file__).parent


@cache
def environment() -> Environment:
    """Templates by their path below `web/`. Everything is escaped; what is undefined is an error."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["asset"] = address
    made.globals["thread"] = thread
    made.filters["pairs"] = _pairs
    return made


def _pairs(choices: Iterable[Any]) -> list[tuple[Any, str]]:
    return [(one.value, one.name) for one in choices]


def render(template: str, context: dict[str, Any]) -> bytes:
    """A template's bytes."""
    return environment().get_template(template).render(context).encode()
