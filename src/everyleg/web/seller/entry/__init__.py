"""The door: first run, sign-in, sign-out, invitations; and how a reader likes to read."""

from everyleg.web.seller.entry.routes import ROUTES

__all__ = ["ROUTES"]
