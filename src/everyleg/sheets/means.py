"""What a workspace can follow parcels with already: its accounts, and what pushes to it."""

from typing import Any

from psycopg import Connection

from everyleg.accounts import sources
from everyleg.sheets.coverage import AccessOf, Means
from everyleg.store.sealing import Keyring

_PUSHING = """
SELECT DISTINCT coalesce(carrier, source) FROM webhooks_in WHERE workspace_id = %s AND revoked_at IS NULL
"""


def means_of(connection: Connection[Any], keys: Keyring, workspace: int, access_of: AccessOf) -> Means:
    """What a workspace has, in a transaction that may see it.

    An account does not count while it is paused, or lacks a setting that its source wants.
    """
    there = sources.listed(connection, keys, workspace)
    own = [one for one in there if one.paused_at is None and not one.open]
    accounts = frozenset(one.source for one in own if set(access_of(one.source).settings) <= set(one.settings))
    shut = frozenset(one.source for one in there if one.paused_at is not None and one.open)
    pushing = frozenset(row[0] for row in connection.execute(_PUSHING, (workspace,)))
    return Means(accounts, pushing, shut)
