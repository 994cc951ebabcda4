"""Requests that are sent again under the same Idempotency-Key: done once, answered alike.

The key is claimed in the transaction of what the request does, and the answer is kept with it: either both are there or
neither. A second sending waits until the first is committed. Keys are remembered for a day.
"""

import hashlib
import re
from typing import Any

from psycopg import Connection

from everyleg.accounts.actors import Actor
from everyleg.api.v1.problems import Refusal
from everyleg.store.sealing import Keyring, about_column

_KEY = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,253}[\x21-\x7e]|[\x21-\x7e]")

_CLAIM = """
INSERT INTO api_requests (workspace_id, api_key_id, key_hash, request_hash) VALUES (%s, %s, %s, %s)
ON CONFLICT DO NOTHING RETURNING 1
"""

_EARLIER = """
SELECT request_hash, answer FROM api_requests WHERE workspace_id = %s AND api_key_id = %s AND key_hash = %s
"""

_KEEP = "UPDATE api_requests SET answer = %s WHERE workspace_id = %s AND api_key_id = %s AND key_hash = %s"
_ANSWER = "api_requests.answer"


class Once:
    """One request of a key under the name that its sender gave it."""

    def __init__(self, keys: Keyring, actor: Actor, name: str, body: bytes) -> None:
        """Without a name nothing is remembered.

        Raises:
            Refusal: the name is too long, or no text.
        """
        if name and not _KEY.fullmatch(name):
            raise Refusal("invalid", "An Idempotency-Key has 1 to 255 characters of ASCII.")
        self._keys, self._named = keys, bool(name)
        self._about = about_column(actor.workspace, _ANSWER)
        self._key = (actor.workspace, actor.actor_id or 0, hashlib.sha256(name.encode()).digest())
        self._request = keys.digest("api request: " + hashlib.sha256(body).hexdigest())

    def earlier(self, connection: Connection[Any]) -> bytes | None:
        """The answer that was given before; None: claimed now, do it and `keep` the answer in this transaction.

        Raises:
            Refusal: the name stood for another request.
        """
        if not self._named or connection.execute(_CLAIM, (*self._key, self._request)).fetchone():
            return None
        row = connection.execute(_EARLIER, self._key).fetchone()
        if row is None or row[0] != self._request:
            raise Refusal("other-request", "This Idempotency-Key stood for another body; use a new one.")
        return self._keys.open(row[1], self._about) if row[1] is not None else None

    def keep(self, connection: Connection[Any], answer: bytes) -> None:
        """Remember what was answered."""
        if self._named:
            connection.execute(_KEEP, (self._keys.seal(answer, self._about), *self._key))
