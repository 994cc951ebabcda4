"""What others push to us: `POST /in/<source>/<token>`, kept durably before it is answered, with the database down too.

Belongs here: addresses and their signatures, group commit, the spool. Does not belong here: what a body means
(`carriers`, `upstreams`), what becomes of it (`pipeline`), who may make an address (`accounts/webhooks`).
"""

from everyleg.api.intake.app import intake_app
from everyleg.api.intake.receiver import Receiver

__all__ = ["Receiver", "intake_app"]
