"""Corrections by people: facts and links with author and reason, each undone exactly.

A correction is a row that says what it did (`Effect`); the statements of source `person`, the links, the flags and the
carrier of a number follow from those that stand. So undoing is taking one away and deciding anew.

Belongs here: what a person can correct, and taking it back. Does not belong here: how a person's word weighs against
others (`core.fold`), who may correct what (`accounts`).
"""

from everyleg.pipeline.corrections.facts import Better, correct, hide, mark
from everyleg.pipeline.corrections.joins import add_number, pin, replace
from everyleg.pipeline.corrections.model import (
    Correction,
    CorrectionError,
    Done,
    Edit,
    NotPossibleError,
    StaleError,
)
from everyleg.pipeline.corrections.remarks import remark
from everyleg.pipeline.corrections.undoing import listed, undo

__all__ = [
    "Better",
    "Correction",
    "CorrectionError",
    "Done",
    "Edit",
    "NotPossibleError",
    "StaleError",
    "add_number",
    "correct",
    "hide",
    "listed",
    "mark",
    "pin",
    "remark",
    "replace",
    "undo",
]
