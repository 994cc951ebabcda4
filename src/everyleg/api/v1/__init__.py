"""The public API, version 1: parcels to follow, what is known of them, and how fresh it is.

Belongs here: routes under `/v1`, their shapes, API keys at the door, problem documents, the OpenAPI description. Does
not belong here: how a parcel is added (`sheets`), what is known of it (`pipeline`).
"""

from everyleg.api.v1.app import make_api
from everyleg.api.v1.services import Services

__all__ = ["Services", "make_api"]
