"""What every command shares: reading its files, printing its JSON, refusing with one helpful line."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from everyleg.app.plugins import registry
from everyleg.ports.carrier import Carrier
from everyleg.ports.manifest.load import ManifestError
from everyleg.ports.registry import UnknownCarrier


class UserError(Exception):
    """Something the person can mend: the message says what, where and what to do."""


def read_bytes(name: str) -> bytes:
    """Bytes of a file, or of standard input for `-`.

    Raises:
        UserError: when the file cannot be read.
    """
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UserError(f"{name}: {error.strerror}; give a readable file, or - for standard input") from error


def print_json(value: Any) -> None:
    """Print one JSON document on standard output and nothing else."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
    sys.stdout.flush()


def carrier_named(slug: str) -> Carrier:
    """The carrier of a slug.

    Raises:
        UserError: when nobody has it (with those that look like it), or when its manifest is wrong.
    """
    try:
        return registry().carrier(slug)
    except UnknownCarrier as error:
        near = f"; did you mean {', '.join(error.near)}?" if error.near else "; see `everyleg carriers list`"
        raise UserError(f"no carrier is called {slug!r}{near}") from error
    except ManifestError as error:
        raise UserError(str(error)) from error


def moment(at: datetime | None) -> str:
    """A moment as tables show it; empty for none."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
