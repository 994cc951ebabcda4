"""Settings from the environment, each in one place (`docs/settings.md`)."""

import os
from pathlib import Path


def shared_folder() -> Path | None:
    """The shared reference material (`EVERYLEG_SHARED`, else `shared` beside the checkout); None when absent."""
    named = os.environ.get("EVERYLEG_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[4] / "shared"
    return folder if (folder / "corpus").is_dir() else None


def metrics_token() -> str | None:
    """What `/metrics` must be asked with (`EVERYLEG_METRICS_TOKEN`); None: nothing."""
    return os.environ.get("EVERYLEG_METRICS_TOKEN") or None
