"""Who acts, with what they may and in whose name: a person, an API key, the command line, Everyleg itself."""

from typing import Literal

from msgspec import Struct

from everyleg.accounts.errors import NotAllowedError
from everyleg.accounts.roles import NAMES, Permission, Role, may_give, within

ActorKind = Literal["person", "api_key", "command", "system"]
"""*command*: somebody with a shell on the machine; *system*: what is done because it is due."""


class Actor(Struct, frozen=True):
    """Who acts in a workspace."""

    workspace: int
    kind: ActorKind
    actor_id: int | None = None
    permissions: frozenset[Permission] = frozenset()
    shop_ids: tuple[int, ...] | None = None
    """Limits to shops; None: every shop."""
    ip: str | None = None

    def may(self, permission: Permission) -> bool:
        """Whether they may."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """See that they may.

        Raises:
            NotAllowedError: they may not.
        """
        if permission not in self.permissions:
            raise NotAllowedError(f"this needs the permission {permission}; ask an owner or a manager of the workspace")

    def require_over(self, role: Role, shop_ids: tuple[int, ...] | None) -> None:
        """See that they have all that a role with these shops has: what is needed to give it or to take it away.

        Raises:
            NotAllowedError: they have less.
        """
        self.require(Permission.MANAGE_PEOPLE)
        if not may_give(self.permissions, role):
            raise NotAllowedError(f"only who may do all that {NAMES[role].en} may can give or take it; ask an owner")
        if not within(shop_ids, self.shop_ids):
            raise NotAllowedError("these shops are not all among yours; ask somebody who sees them")


def command_line(workspace: int) -> Actor:
    """Somebody with a shell on the machine: may do everything, and is noted as such."""
    return Actor(workspace, "command", permissions=frozenset(Permission))


def system(workspace: int) -> Actor:
    """Everyleg itself, when something is due."""
    return Actor(workspace, "system", permissions=frozenset(Permission))
