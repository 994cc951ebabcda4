"""Where the log of a server goes: standard error, so that standard output says only what a person asked for."""

import sys

import structlog


def log_to_stderr() -> None:
    """Have every logger of this process write to standard error."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
