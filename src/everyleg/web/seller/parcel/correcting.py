"""Corrections of a parcel, from its forms: what was typed becomes one of the pipeline's corrections."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from everyleg.core.model import Ref
from everyleg.core.vocabulary import STATUSES
from everyleg.pipeline import corrections
from everyleg.pipeline.corrections import Better, Correction, Done, Edit, NotPossibleError
from everyleg.store.db import Database
from everyleg.web.page import Page

FLAGS = ("stop", "archive", "restart")
ENDS = ("delivered", "lost")
LONGEST = 500


class Made(Struct, frozen=True):
    """A correction as the page lists it."""

    correction_id: int
    kind: str
    reason: str | None
    at: datetime
    undone: bool


Form = Mapping[str, str]


def correct(page: Page, parcel: int, form: Form) -> Done:
    """Make the correction that a form asks for.

    Raises:
        NotPossibleError: it makes no sense; the text says why.
        StaleError: somebody else was first.
        NotAllowedError: the reader may not.
    """
    deed = _DEEDS.get(form.get("kind", ""))
    if deed is None:
        raise NotPossibleError("there is no such correction", "no_correction")
    return deed(page, _edit(page, parcel, form), form)


def undo(page: Page, parcel: int, correction: int, form: Form) -> Done:
    """Take a correction back; raises as `correct` does."""
    return corrections.undo(page.services.database, _edit(page, parcel, form), correction)


def listed(page: Page, parcel: int) -> list[Made]:
    """What was corrected, newest first; remarks stand elsewhere."""
    found = corrections.listed(page.services.database, page.workspace, parcel)
    return [_made(one) for one in found if one.kind != "remark"]


def _made(one: Correction) -> Made:
    return Made(one.correction_id, one.kind, one.reason, one.created_at, one.undone_at is not None)


def _edit(page: Page, parcel: int, form: Form) -> Edit:
    version, reason = form.get("version", ""), form.get("reason", "").replace("\x00", "").strip()[:LONGEST]
    expected = int(version) if version.isdecimal() and len(version) < 9 else -1
    return Edit(page.actor, parcel, page.now, reason or None, expected)


def _mark(page: Page, edit: Edit, form: Form) -> Done:
    return corrections.mark(_database(page), edit, form["kind"], _moment(page, form.get("at", "")))  # type: ignore[arg-type]


def _add_number(page: Page, edit: Edit, form: Form) -> Done:
    return corrections.add_number(_database(page), edit, _ref(page, form))


def _replace(page: Page, edit: Edit, form: Form) -> Done:
    return corrections.replace(_database(page), edit, _ref(page, form))


def _pin(page: Page, edit: Edit, form: Form) -> Done:
    return corrections.pin(_database(page), edit, _carrier(page, form.get("carrier", "")), form.get("number") or None)


def _hide(page: Page, edit: Edit, form: Form) -> Done:
    return corrections.hide(_database(page), edit, form.get("key", ""))


def _amend(page: Page, edit: Edit, form: Form) -> Done:
    means = form.get("means", "")
    if means not in STATUSES:
        raise NotPossibleError("choose what it means", "no_meaning")
    return corrections.correct(_database(page), edit, form.get("key", ""), Better(sub_status=means))


_DEEDS: dict[str, Callable[[Page, Edit, Form], Done]] = {
    **dict.fromkeys((*FLAGS, *ENDS), _mark),
    "add_number": _add_number,
    "replace": _replace,
    "pin": _pin,
    "hide": _hide,
    "correct": _amend,
}


def _database(page: Page) -> Database:
    return page.services.database


def _moment(page: Page, text: str) -> datetime | None:
    """A moment on the reader's clock, as a browser's field gives it."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=page.words.zone) if text else None
    except ValueError as error:
        raise NotPossibleError("that is no time", "no_time") from error


def _ref(page: Page, form: Form) -> Ref:
    number = form.get("number", "").replace("\x00", "").strip()[:60]
    if not number:
        raise NotPossibleError("give the other number", "no_other")
    return Ref(_carrier(page, form.get("carrier", "")), number)


def _carrier(page: Page, name: str) -> str:
    slug = page.services.carriers.slug_of(name.strip()) if name.strip() else None
    if slug is None:
        called = name.strip()[:60]
        raise NotPossibleError(f"no carrier is called {called!r}; choose one from the list", "no_carrier", name=called)
    return slug


def carrier_names(page: Page) -> list[str]:
    """Every carrier's name as the reader knows it, to choose from."""
    carriers: Any = page.services.carriers
    return sorted({page.carrier(slug) for slug in carriers.folders})
