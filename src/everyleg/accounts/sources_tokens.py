"""Tokens of accounts, one for all processes: sealed, fetched by one at a time, gone when its settings change.

A fetch is a claim that ends by itself, so nothing is locked and no connection held while a server takes its time.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection

from everyleg.ports.outbound.tokens import FETCH_S, Found, Kept
from everyleg.store.sealing import Keyring, SealError, about_column

Place = tuple[int, int]
"""Workspace and account id."""

_COLUMN = "source_tokens.token"

_WHERE = "WHERE workspace_id = %(workspace)s AND account_id = %(account)s"

_LOOK = f"""
SELECT login, token, renew_at, ends_at, coalesce(fetching_until > clock_timestamp(), false) FROM source_tokens {_WHERE}
"""  # noqa: S608 (fixed text)

_MAKE = """
INSERT INTO source_tokens (workspace_id, account_id) VALUES (%(workspace)s, %(account)s)
ON CONFLICT (workspace_id, account_id) DO NOTHING
"""

_CLAIM = f"""
UPDATE source_tokens SET fetching_until = clock_timestamp() + %(lasts)s * interval '1 s'
{_WHERE} AND (fetching_until IS NULL OR fetching_until <= clock_timestamp())
RETURNING login, token, renew_at, ends_at, fetching_until
"""  # noqa: S608 (fixed text)

_MINE = f"{_WHERE} AND fetching_until = %(fetch)s"

_END = f"UPDATE source_tokens SET fetching_until = NULL {_MINE}"  # noqa: S608 (fixed text)

_KEEP = f"""
UPDATE source_tokens SET login = %(login)s, token = %(token)s, renew_at = %(renew_at)s, ends_at = %(ends_at)s,
    fetching_until = NULL {_MINE}
"""  # noqa: S608 (fixed text)

_LOCK = f"SELECT token FROM source_tokens {_WHERE} FOR UPDATE"  # noqa: S608 (fixed text)
_DROP = f"UPDATE source_tokens SET token = NULL {_WHERE}"  # noqa: S608 (fixed text)
_FORGET = f"DELETE FROM source_tokens {_WHERE}"  # noqa: S608 (fixed text)


def find(worker: Connection[Any], keys: Keyring, place: Place, login: Mapping[str, str], now: datetime) -> Found:
    """The token that these settings gave, and whether whoever looks has to fetch the next one.

    Args:
        worker: a worker's connection, in a transaction.
        keys: open the token.
        place: whose.
        login: the settings.
        now: what the token's life is compared with.

    Raises:
        psycopg.errors.ForeignKeyViolation: there is no such account.
    """
    row = worker.execute(_LOOK, _row(place)).fetchone()
    kept = _usable(keys, place, login, row, now)
    if row is None:
        worker.execute(_MAKE, _row(place))
    elif row[4] or _is_young(kept, now):
        return Found(kept)
    claimed = worker.execute(_CLAIM, {**_row(place), "lasts": FETCH_S}).fetchone()
    if claimed is None:  # somebody else was quicker
        return Found(kept)
    kept = _usable(keys, place, login, claimed, now)
    if _is_young(kept, now):
        worker.execute(_END, {**_row(place), "fetch": claimed[4]})
        return Found(kept)
    return Found(kept, claimed[4])


def keep(
    worker: Connection[Any], keys: Keyring, place: Place, login: Mapping[str, str], fetch: datetime, kept: Kept | None
) -> None:
    """End a fetch, by its name; None: it gave no token. One that is not the account's any more leaves nothing."""
    known = {**_row(place), "fetch": fetch}
    if kept is None:
        worker.execute(_END, known)
        return
    token = keys.seal_text(kept.text, about_column(place[0], _COLUMN))
    known |= {"login": _digest(keys, login), "token": token, "renew_at": kept.renew_at, "ends_at": kept.ends_at}
    worker.execute(_KEEP, known)


def drop(worker: Connection[Any], keys: Keyring, place: Place, text: str) -> None:
    """Forget a token that was refused, unless another has come meanwhile."""
    row = worker.execute(_LOCK, _row(place)).fetchone()
    if row is not None and _opened(keys, place, row[0]) == text:
        worker.execute(_DROP, _row(place))


def forget(connection: Connection[Any], place: Place) -> None:
    """Forget whatever there is of an account; a fetch that is under way leaves nothing."""
    connection.execute(_FORGET, _row(place))


def _usable(
    keys: Keyring, place: Place, login: Mapping[str, str], row: tuple[Any, ...] | None, now: datetime
) -> Kept | None:
    if row is None or row[1] is None or row[0] != _digest(keys, login) or now >= row[3]:
        return None
    text = _opened(keys, place, row[1])
    return Kept(text, row[2], row[3]) if text is not None else None


def _is_young(kept: Kept | None, now: datetime) -> bool:
    return kept is not None and now < kept.renew_at


def _opened(keys: Keyring, place: Place, sealed: bytes | None) -> str | None:
    """The token; None where there is none, or none that our keys open: then another is fetched."""
    try:
        return keys.open_text(sealed, about_column(place[0], _COLUMN))
    except SealError:
        return None


def _digest(keys: Keyring, login: Mapping[str, str]) -> bytes:
    return keys.digest(msgspec.json.encode(sorted(login.items())).decode())


def _row(place: Place) -> dict[str, int]:
    return {"workspace": place[0], "account": place[1]}
