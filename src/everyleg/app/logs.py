"""Where the log of a server goes: standard error, so that standard output says only what a person asked for.

Lines for people on a terminal, JSON elsewhere. What is bound to the context (`structlog.contextvars`) stands in every
line: the journal's `inbox_id`, the `workspace` and the `observation` that something is about.
"""

import contextlib
import logging
import sys
from typing import TextIO, cast

import structlog


def log_to_stderr() -> None:
    """Have every logger of this process write to standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Unfailing())),
    )


class _Unfailing:
    """Standard error, of which nobody fails: where it leads to a full disk, lines are lost and work goes on."""

    def write(self, text: str) -> None:
        """Write, if it can be written."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        """Bring it on its way, if it can be."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
