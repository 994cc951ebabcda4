"""Forwarders on a known system: a small form that makes a carrier, and those made so far."""

from everyleg.web.seller.forwarders.routes import ROUTES

__all__ = ["ROUTES"]
