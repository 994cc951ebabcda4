"""Whom the workspace may ask: accounts with carriers and aggregators, how each is doing, and what others would want."""

from everyleg.web.seller.sources.routes import ROUTES

__all__ = ["ROUTES"]
