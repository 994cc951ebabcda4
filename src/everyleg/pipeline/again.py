"""Around a transaction: trying it again when another one was in its way, whose fault an error is, no pauses in it."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg

T = TypeVar("T")

TRIES = 5

_GONE = ("08", "53", "57", "58")
"""Classes of errors that no other body mends: connection, resources, shutdown, system."""


def is_gone(error: Exception) -> bool:
    """Whether the database is gone or cannot go on, rather than refusing what it was given."""
    return isinstance(error, psycopg.OperationalError) and (error.sqlstate is None or error.sqlstate[:2] in _GONE)


def again(transaction: Callable[[], T]) -> T:
    """What a transaction gives, tried again after a deadlock or a serialization failure.

    Raises:
        psycopg.errors.DeadlockDetected: after several tries, as the last one ended; or SerializationFailure.
    """
    for _ in range(TRIES - 1):
        try:
            return transaction()
        except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
            continue
    return transaction()


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector of cycles: a batch makes many objects and no cycles, it would only walk through them."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
