"""Flights, waybills, containers, bags and batches: what happened to each, what is inside, who is missing."""

from everyleg.web.seller.consolidations.routes import ROUTES

__all__ = ["ROUTES"]
