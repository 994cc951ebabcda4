"""API keys of the workspace: made, shown once, revoked."""

from everyleg.web.seller.keys.routes import ROUTES

__all__ = ["ROUTES"]
