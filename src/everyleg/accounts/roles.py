"""Roles and what they may do, as one table; nothing else decides it.

A role is given by who has at least its permissions: that follows from the table, so it needs no second one.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Literal, get_args

from msgspec import Struct

Role = Literal["owner", "manager", "operator", "service", "analyst"]
"""What a person is in a workspace."""

ROLES: tuple[Role, ...] = get_args(Role)


class Permission(StrEnum):
    """One thing that can be allowed; its text is what API keys' documents and logs show."""

    VIEW_PARCELS = "view_parcels"
    SEE_PERSONAL = "see_personal"
    """Buyers' addresses, postcodes, remarks, who signed."""
    SEE_RAW = "see_raw"
    """Raw answers and quarantine: they hold whatever a source sent."""
    ADD_PARCELS = "add_parcels"
    REMARK = "remark"
    """Remarks and tags."""
    SHARE = "share"
    """Hand out the buyer's link."""
    CORRECT = "correct"
    """Correct, stop, archive, join, undo."""
    TEACH = "teach"
    """Say what an unknown code or text means."""
    EXPORT = "export"
    VIEW_REPORTS = "view_reports"
    MANAGE_SHOPS = "manage_shops"
    """Shops and channels."""
    MANAGE_PEOPLE = "manage_people"
    MANAGE_KEYS = "manage_keys"
    """API keys, and secrets for others' systems."""
    SEE_AUDIT = "see_audit"
    SETTINGS = "settings"
    ERASE = "erase"
    """Erase people, and say how long their data is kept."""


class RoleName(Struct, frozen=True):
    """How people read a role."""

    en: str
    zh: str


NAMES: MappingProxyType[Role, RoleName] = MappingProxyType(
    {
        "owner": RoleName("Owner", "所有者"),
        "manager": RoleName("Manager", "管理员"),
        "operator": RoleName("Operator", "运营"),
        "service": RoleName("Customer service", "客服"),
        "analyst": RoleName("Analyst", "分析"),
    }
)

_TABLE = """
                owner manager operator service analyst
view_parcels      x      x       x        x       x
see_personal      x      x       x        x       .
see_raw           x      x       x        .       .
add_parcels       x      x       x        .       .
remark            x      x       x        x       .
share             x      x       x        x       .
correct           x      x       x        .       .
teach             x      x       x        .       .
export            x      x       x        .       x
view_reports      x      x       x        .       x
manage_shops      x      x       .        .       .
manage_people     x      x       .        .       .
manage_keys       x      x       .        .       .
see_audit         x      x       .        .       .
settings          x      x       .        .       .
erase             x      .       .        .       .
"""


def _read(table: str) -> dict[Role, frozenset[Permission]]:
    head, *rows = (line.split() for line in table.strip().splitlines())
    marks = {Permission(row[0]): dict(zip(head, row[1:], strict=True)) for row in rows}
    return {role: frozenset(p for p, row in marks.items() if row[role] == "x") for role in ROLES}


PERMISSIONS: MappingProxyType[Role, frozenset[Permission]] = MappingProxyType(_read(_TABLE))
"""What each role may do."""

SHOP_FILTER = "(%(shop_ids)s::bigint[] IS NULL OR shop_id = ANY(%(shop_ids)s))"
"""The limit to shops as a condition on `shipments`: give a list, or None for every shop. Who is limited does not see
what belongs to no shop."""


def may(role: Role, permission: Permission) -> bool:
    """Whether a role may do something."""
    return permission in PERMISSIONS[role]


def may_give(permissions: frozenset[Permission], role: Role) -> bool:
    """Whether who has these permissions may give that role: nobody gives more than they have."""
    return PERMISSIONS[role] <= permissions


def within(shop_ids: tuple[int, ...] | None, limits: tuple[int, ...] | None) -> bool:
    """Whether shops (None: all) lie within limits (None: no limits)."""
    return limits is None or (shop_ids is not None and set(shop_ids) <= set(limits))
