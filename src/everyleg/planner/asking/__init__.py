"""Asking what is due: claims, questions, batches by account, answers handed to the journal, failures kept.

Belongs here: everything between "this number is due" and "its answer is durable". Does not belong here: when a number
is due (`planner.policy`), by which source (`planner.routing`), what an answer means (`pipeline`).
"""

from everyleg.planner.asking.contract import Given, NextCheck, Refusal, Route, Router, Sources
from everyleg.planner.asking.desk import Known
from everyleg.planner.asking.known import KnownSources, OwnAccounts, Steady, allowance, allowance_shown
from everyleg.planner.asking.loop import Asker, Pace, known_by, run_asking

__all__ = [
    "Asker", "Given", "Known", "KnownSources", "NextCheck", "OwnAccounts", "Pace", "Refusal", "Route", "Router",
    "Sources", "Steady", "allowance", "allowance_shown", "known_by", "run_asking",
]  # fmt: skip
