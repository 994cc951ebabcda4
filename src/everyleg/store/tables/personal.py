"""The registry of personal data: every column that can name, reach or locate a person.

Erasure, retention and encryption at rest go by this and by nothing else. It is read off the tables: a column says what
it tells of a person where it is made (`sealed`). A test holds the usual suspects (addresses, names, free text) to be
sealed or named as harmless here.
"""

from types import MappingProxyType

from everyleg.store.tables import metadata
from everyleg.store.tables.base import Personal

PERSONAL: MappingProxyType[tuple[str, str], Personal] = MappingProxyType(
    {
        (table.name, column.name): column.info["personal"]
        for table in metadata.sorted_tables
        for column in table.columns
        if column.info.get("personal")
    }
)
"""(table, column) → how it tells of a person."""

SEALED = tuple(
    (table.name, column.name)
    for table in metadata.sorted_tables
    for column in table.columns
    if column.info.get("sealed")
)
"""(table, column) of everything that lies sealed: the personal columns, and secrets."""

HARMLESS = frozenset(
    {
        ("workspaces", "name"),
        ("workspaces", "settings"),
        ("shops", "name"),
        ("shops", "attributes"),
        ("channels", "name"),
        ("channels", "attributes"),
        ("shipments", "buyer_email_digest"),
        ("tags", "name"),
        ("api_keys", "name"),
        ("secrets", "name"),
        ("source_accounts", "name"),
        ("source_quotas", "used"),
        ("shared_quotas", "used"),
        ("observations", "body_size"),
        ("changes", "before"),
        ("changes", "after"),
        ("corrections", "effect"),
    }
)
"""Columns whose name sounds personal, or that are free-form, but tell of a firm, of our own reasons, of ids or of keyed
digests only."""
