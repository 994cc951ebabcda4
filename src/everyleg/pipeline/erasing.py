"""What stays of the pipeline's own words when a person is erased (`accounts.privacy`): what the fold goes by.

Of a place the country stays, of a text the words that tell a pick-up point from a front door.
"""

from collections.abc import Collection
from typing import Any

import msgspec
from psycopg import Connection

from everyleg.accounts.privacy.erasing import Remains
from everyleg.core.fold.delivery import words_that_count
from everyleg.pipeline import settle
from everyleg.pipeline.ages import PLAN
from everyleg.pipeline.known import Store, Telling
from everyleg.pipeline.work import refold
from everyleg.store.sealing import Keyring

# nobody asks for them any more, and aggregators are told so
_PLAN = """
INSERT INTO due (workspace_id, kind, subject_id, due_at)
SELECT DISTINCT workspace_id, %s, parcel_id, clock_timestamp() FROM legs WHERE workspace_id = %s AND number_id = ANY(%s)
ON CONFLICT (workspace_id, kind, subject_id) DO NOTHING
"""

_TELLING = msgspec.json.Decoder(Telling)


def telling(said: bytes) -> bytes:
    """What stays of what is sealed of a statement, as JSON."""
    told = _TELLING.decode(said)
    words = words_that_count(f"{told.text or ''} {told.raw or ''}") or None
    return msgspec.json.encode(Telling(words, None, None, None, None, told.country, None, None, None, None))


def _hold(connection: Connection[Any], keys: Keyring, workspace: int, number_ids: Collection[int]) -> int:
    settle.hold(Store(connection, keys, workspace), set(number_ids))
    return 0


def _refold(connection: Connection[Any], keys: Keyring, workspace: int, number_ids: Collection[int]) -> int:
    connection.execute(_PLAN, (PLAN, workspace, list(number_ids)))
    return refold(Store(connection, keys, workspace), set(number_ids))


REMAINS = Remains(_hold, telling, _refold)
"""The pipeline's part in erasing."""
