"""The list of parcels: search, filters, counts. What is of one parcel is next door (`parcel`)."""

from everyleg.web.seller.parcels.routes import ROUTES

__all__ = ["ROUTES"]
