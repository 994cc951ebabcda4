"""What a buyer sees: one page behind an unguessable link, in their language, without a script.

Belongs here: the buyer's words and steps. Does not belong here: whatever only a seller may know (witnesses, raw
answers, remarks, other parcels).
"""

from everyleg.web.buyer.routes import ROUTES

__all__ = ["ROUTES"]
