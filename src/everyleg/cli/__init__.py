"""The command `everyleg`: one thin module per group.

Belongs here: arguments, files, exit codes, printing. Does not belong here: decisions about parcels.
"""

import sys

from cyclopts import App

from everyleg.cli.io import UserError

app = App(
    name="everyleg",
    help="Everyleg · 全程: what every carrier said of a parcel, joined into one timeline.",
    version_flags=["--version"],
)
for _command in ("detect", "normalize", "timeline", "fold", "classify", "corpus", "demo"):
    app.command(f"everyleg.cli.{_command}:{_command}", name=_command)
for _group in ("carriers", "bench"):
    app.command(f"everyleg.cli.{_group}:app", name=_group)


def main() -> None:
    """Run the command; a `UserError` is one line on standard error and exit code 2."""
    try:
        app(result_action="call_if_callable")
    except UserError as error:
        print(f"everyleg: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)
