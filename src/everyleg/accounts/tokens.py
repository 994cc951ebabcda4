"""What is handed out to prove who somebody is: it names its workspace, so nothing is looked up across tenants.

256 random bits need no slow hash: what is stored is their SHA-256.
"""

import hashlib
import hmac
import re
import secrets

from msgspec import Struct

_WORKSPACE = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class Token(Struct, frozen=True):
    """A workspace, and a secret of it."""

    workspace: int
    secret: str

    @property
    def hash(self) -> bytes:
        """What is stored of it."""
        return hashlib.sha256(self.secret.encode()).digest()

    def __str__(self) -> str:
        """As it is handed out for sessions and invitations: `<workspace>.<secret>`."""
        return f"{self.workspace}.{self.secret}"

    def derive(self, purpose: str) -> str:
        """Another secret that only who has this one can know."""
        return hmac.digest(self.secret.encode(), purpose.encode(), "sha256").hex()


def new_token(workspace: int) -> Token:
    """A token nobody can guess."""
    return Token(workspace, secrets.token_urlsafe(32))


def read_token(text: str, head: str = "", joint: str = ".") -> Token | None:
    """The token that was handed out; None when it is none of ours by its shape alone.

    Args:
        text: whatever somebody sent.
        head: what stands before the workspace.
        joint: what stands between workspace and secret.
    """
    workspace, found, secret = text.removeprefix(head).partition(joint)
    shaped = found and text.startswith(head) and _WORKSPACE.fullmatch(workspace) and _SECRET.fullmatch(secret)
    return Token(int(workspace), secret) if shaped else None
