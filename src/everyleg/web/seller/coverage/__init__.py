"""How much of a seller's own sheet can be followed, and the cheapest way to the rest. Nothing of the sheet is kept."""

from everyleg.web.seller.coverage.routes import ROUTES

__all__ = ["ROUTES"]
