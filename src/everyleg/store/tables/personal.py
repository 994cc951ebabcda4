"""The one registry of personal data: every column that can name, reach or locate a person.

Erasure, retention and encryption at rest go by this table and by nothing else. A column is text, bytes or JSON that a
sealed value fits into, so that encrypting it later changes no table. A column that is not listed is not personal; a
test holds the usual suspects (addresses, names, free text) to be listed here or named as harmless beside it.
"""

from types import MappingProxyType
from typing import Literal

Kind = Literal["contact", "name", "location", "free_text", "raw"]
"""How it tells of a person: reaches, names, locates; free text that may do any; a source's raw answer."""

PERSONAL: MappingProxyType[tuple[str, str], Kind] = MappingProxyType(
    {
        ("shipments", "buyer_email"): "contact",
        ("shipments", "destination_postcode"): "location",
        ("shipments", "attributes"): "free_text",
        ("observations", "body"): "raw",
        ("statements", "text"): "free_text",
        ("statements", "place"): "location",
        ("statements", "reason"): "free_text",
        ("states", "timeline"): "free_text",
        ("changes", "before"): "free_text",
        ("changes", "after"): "free_text",
        ("links", "reason"): "free_text",
        ("remarks", "body"): "free_text",
        ("people", "email"): "contact",
        ("people", "name"): "name",
        ("sessions", "ip"): "location",
        ("sessions", "user_agent"): "free_text",
        ("invitations", "email"): "contact",
        ("audit", "detail"): "free_text",
        ("audit", "ip"): "location",
    }
)
"""(table, column) → kind."""

HARMLESS = frozenset(
    {
        ("workspaces", "name"),
        ("workspaces", "settings"),
        ("shops", "name"),
        ("shops", "attributes"),
        ("channels", "name"),
        ("channels", "attributes"),
        ("tags", "name"),
        ("api_keys", "name"),
        ("observations", "body_size"),
    }
)
"""Columns whose name sounds personal, or that are free-form, but tell of a firm and not of a person."""
