"""Who is in the workspace: people, invitations, roles."""

from everyleg.web.seller.people.routes import ROUTES

__all__ = ["ROUTES"]
