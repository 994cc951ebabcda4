"""Trying a transaction again when another one was in its way."""

from collections.abc import Callable
from typing import TypeVar

import psycopg

T = TypeVar("T")

TRIES = 5


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
