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
_COMMANDS = {
    "detect": "Which carriers a tracking number could belong to, with reasons.",
    "normalize": "Read one raw answer of a carrier into events.",
    "timeline": "Join the raw answers of several carriers into journeys.",
    "fold": "Fold statements and links into timelines.",
    "classify": "What an event's text means, in any language; unsure is `other`.",
    "add": "Parcels to follow: numbers, or a daily sheet of which each row's fate is said.",
    "coverage": "What of a sheet can be followed now, with what, and the cheapest way to the rest.",
    "template": "An empty daily sheet.",
    "export": "All parcels in the layout of the daily sheet, with how far each has come.",
    "ingest": "Raw answers of a carrier, from files, through the journal into the store.",
    "traces": "A forwarder's files: traces, what is in which waybill, bag or container, and its steps; --watch DIR.",
    "track": "The stored journey of a number or an order.",
    "replay": "Read everything again, with the manifests as they are now.",
    "verify": "Fold every parcel anew and compare; exit code 1 on any difference.",
    "backup": "The whole store in one file, while it is being used.",
    "restore": "A backup into an empty store.",
    "spending": "What sources were asked and cost this month, what was saved, and where two differ.",
    "serve": "Pages, API, intake, store and workers; --demo with a workspace full of parcels; --role one part alone.",
    "migrate": "Make or update the tables in a PostgreSQL of your own.",
    "demo": "One parcel, three carriers, several raw answers: the joined journey.",
    "corpus": "How well the shared corpus of real answers is read.",
}
_GROUPS = {
    "carriers": "Carriers as data: list, show, check, new, draft.",
    "correct": "What people know better about a parcel: mark, hide, amend, carrier, add, replace, remark, undo, list.",
    "webhooks": "Addresses to which carriers and aggregators push: add, list, revoke.",
    "people": "Who is in a workspace: list, invite, disable, owner.",
    "keys": "API keys: make, list, revoke.",
    "sources": "Accounts with carriers and aggregators: list, add, set, remove, test, pause, resume.",
    "privacy": "Personal data: erase, rotate, retention.",
    "lab": "Simulated worlds with known truth, to judge every claim in.",
    "bench": "Benchmarks, each beside its limit in the same run.",
}
for _name, _help in _COMMANDS.items():
    app.command(f"everyleg.cli.{_name}:{_name}", name=_name, help=_help)
for _name, _help in _GROUPS.items():
    app.command(f"everyleg.cli.{_name}:app", name=_name, help=_help)


def main() -> None:
    """Run the command; a `UserError` is one line on standard error and exit code 2."""
    try:
        app(result_action="call_if_callable")
    except UserError as error:
        print(f"everyleg: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)
