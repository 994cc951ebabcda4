"""How old what a parcel's page shows is: asked when, why we could not, asked next when and why."""

import re
from typing import Any

from everyleg.accounts.roles import Permission
from everyleg.pipeline.ages import Age
from everyleg.web.page import Page
from everyleg.web.words import Words, catalogue

_OURS = (
    (re.compile(r"needs an account with (?P<carrier>[\w-]+)"), "parcel.own_account"),
    (re.compile(r"every account with (?P<carrier>[\w-]+) is paused"), "parcel.own_paused"),
    (re.compile(r"(?P<carrier>[\w-]+) cannot be asked(?: by itself)?"), "parcel.own_not_asked"),
    (re.compile(r"nobody knows yet whose number it is"), "parcel.own_whose"),
    (re.compile(r"the month's budget of .*"), "parcel.own_budget"),
)
"""What the planner says where it asked nobody, and the words of the pages for it. Anything else is a source's own."""


def freshness(page: Page, known: list[Age]) -> dict[str, Any]:
    """What the page shows of it."""
    planned = [age for age in known if age.next_at is not None]
    return {
        "ages": known,
        "checked": max((age.checked_at for age in known if age.checked_at), default=None),
        "following": min(planned, key=lambda age: age.next_at or page.now, default=None),
        "asking": any(age.asking for age in known),
        "blind": [age for age in known if age.blind],
        "why": lambda age: _why(page.words, age),
        "failure": lambda age: _failure(page, age),
    }


def _why(t: Words, age: Age) -> str:
    """Why it is asked then, or no more; empty where nobody says."""
    return t(f"parcel.why_{age.why}") if f"parcel.why_{age.why}" in catalogue() else ""


def _failure(page: Page, age: Age) -> str:
    """Why we could not ask. A source's own words may tell of people, and are for who may see that."""
    t, kind, detail = page.words, f"parcel.fail_{age.failed_kind}", age.failed_detail or ""
    for pattern, ours in _OURS:
        if age.failed_kind == "refused" and (found := pattern.fullmatch(detail)):
            return t(ours, **{name: page.carrier(slug) for name, slug in found.groupdict().items()})
    said = t(kind) if kind in catalogue() else age.failed_kind or ""
    return f"{said}: {detail}" if detail and page.may(Permission.SEE_PERSONAL) else said
