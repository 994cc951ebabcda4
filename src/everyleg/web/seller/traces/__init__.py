"""The page that takes files of forwarders, and says what became of their rows."""

from everyleg.web.seller.traces.routes import ROUTES

__all__ = ["ROUTES"]
