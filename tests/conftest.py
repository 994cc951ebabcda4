"""What all tests share: hypothesis without deadlines, as speed is never asserted; `make soak` looks much longer."""

from hypothesis import settings

settings.register_profile("quick", deadline=None)
settings.register_profile("soak", deadline=None, max_examples=5_000)
settings.load_profile("quick")
