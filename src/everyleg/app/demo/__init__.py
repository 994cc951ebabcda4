"""The demo workspace: the lab's story told to the store, through the same doors as anybody's parcels.

Belongs here: what writes the demo's orders, answers and login into the store. Does not belong here: the story itself
(`lab/demo`), and anything that a workspace of a real seller needs.
"""

from everyleg.app.demo.login import Login, demo_login
from everyleg.app.demo.player import SLUG, Demo, DemoError, open_demo

__all__ = ["SLUG", "Demo", "DemoError", "Login", "demo_login", "open_demo"]
