"""For whoever builds rooms: every component on one page, in both languages and both themes."""

from everyleg.web.dev.routes import ROUTES

__all__ = ["ROUTES"]
