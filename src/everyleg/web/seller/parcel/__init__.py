"""One parcel: its journey, who says so, the raw answers, and what people write beside it."""

from everyleg.web.seller.parcel.routes import ROUTES

__all__ = ["ROUTES"]
