"""What was not understood, and how to mend it: answers put aside, and words that nobody knows yet."""

from everyleg.web.seller.repairs.routes import ROUTES

__all__ = ["ROUTES"]
