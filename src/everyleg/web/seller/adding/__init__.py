"""Adding parcels: paste numbers or drop a sheet, look at each row's fate, then add."""

from everyleg.web.seller.adding.routes import ROUTES

__all__ = ["ROUTES"]
