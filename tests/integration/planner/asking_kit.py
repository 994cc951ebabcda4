"""A store with numbers that are due, carriers that answer over HTTP, and one who asks."""

import asyncio
import datetime as dt
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp

import msgspec

from everyleg.accounts import sources as accounts
from everyleg.accounts.actors import command_line
from everyleg.planner.asking import Asker, Known, KnownSources, OwnAccounts, Pace, Steady
from everyleg.ports.outbound.addresses import parse_networks
from everyleg.ports.outbound.gateway import Bounds, Gateway
from everyleg.ports.registry import Registry
from everyleg.store.due import arm
from tests.integration.outbound.servers import Says

LOOPBACK = parse_networks("127.0.0.0/8")

MANIFEST = """
slug: {slug}
names: {{en: {slug}, zh: {slug}}}
zone: {{home: Europe/Paris}}
limits: {limits}
needs: {needs}
statuses: {{"404": unknown}}
request: {request}
readings:
- name: v1
  fits: [parcels]
  results: parcels
  number: no
  events: events
  event: {{time: {{at: at}}, code: code, text: text}}
  errors:
  - {{when: error, is: [slow down], kind: rate_limited}}
- name: error
  fits: [error]
  event: {{time: {{at: at}}}}
  errors:
  - {{when: error, is: [slow down], kind: rate_limited}}
  - {{when: error, kind: refused}}
"""
CODES = "codes: {LB: label_created, PU: picked_up, AR: arrived_facility, OD: out_for_delivery, DL: delivered}\n"


def registry(**carriers):
    """Carriers by slug, each with what its manifest says otherwise: `limits`, `needs`, `request`."""
    root = Path(mkdtemp())
    for slug, said in carriers.items():
        known = {
            "limits": "{}",
            "needs": "{auth: key, settings: [api_key]}",
            "request": '{url: "{base_url}/' + slug + '", query: {n: "{numbers}", key: "{api_key}"}}',
        }
        (root / slug / "samples").mkdir(parents=True)
        (root / slug / "carrier.yaml").write_text(MANIFEST.format(slug=slug, **(known | said)), encoding="utf-8")
        (root / slug / "codes.yaml").write_text(CODES, encoding="utf-8")
    return Registry([root], lambda _: None)


def knows(*numbers, code="PU"):
    """An answer that knows these numbers."""
    events = [{"at": "2026-11-19T08:00:00", "code": code, "text": f"it is {code}"}]
    return Says(msgspec.json.encode({"parcels": [{"no": number, "events": events} for number in numbers]}))


def asked_for(seen):
    """The numbers of a request."""
    return dict(part.split("=") for part in seen.query.split("&"))["n"].replace("%2C", ",").split(",")


def answers(seen):
    """Knows every number."""
    return knows(*asked_for(seen))


class Store:
    """A workspace with numbers and accounts."""

    def __init__(self, database, workspace):
        self.database, self.workspace = database, workspace
        self.now = dt.datetime.now(dt.UTC)

    def account(self, source, url, name="main", **change):
        with self.database.transaction(self.workspace) as app:
            keys, actor = self.database.keys, command_line(self.workspace)
            settings = {"api_key": "secret-key", "base_url": url}
            account = accounts.add(app, keys, actor, source, name, settings)
            if change:
                accounts.change(app, keys, actor, account, accounts.Change(limit=change))
        return account

    def due(self, carrier, *numbers, in_s=-1.0, kind="check"):
        """Numbers that are due; gives their ids."""
        with self.database.transaction(None, "worker") as worker:
            query = (
                "INSERT INTO numbers (workspace_id, carrier, tracking_number) VALUES (%s, %s, %s) "
                "ON CONFLICT (workspace_id, tracking_number, carrier) DO UPDATE SET carrier = excluded.carrier "
                "RETURNING number_id"
            )
            ids = [worker.execute(query, (self.workspace, carrier, number)).fetchone()[0] for number in numbers]
            for one in ids:
                arm(worker, (self.workspace, kind, one), self.now + dt.timedelta(seconds=in_s))
        return ids

    def rows(self, query, *given):
        with self.database.transaction(None, "worker") as worker:
            return worker.execute(query, (self.workspace, *given)).fetchall()

    def due_in_s(self, kind="check"):
        """Number → seconds from now until it is due."""
        query = (
            "SELECT n.tracking_number, extract(epoch FROM d.due_at - clock_timestamp())::float FROM due d "
            "JOIN numbers n ON n.workspace_id = d.workspace_id AND n.number_id = d.subject_id "
            "WHERE d.workspace_id = %s AND d.kind = %s"
        )
        return dict(self.rows(query, kind))

    def rests(self):
        """Whether nothing is due and nothing is claimed."""
        query = "SELECT count(*) FROM due WHERE workspace_id = %s AND (attempts > 0 OR due_at <= clock_timestamp())"
        return self.rows(query) == [(0,)]

    def journal(self):
        """What waits in the journal: source, carrier, numbers asked."""
        query = "SELECT source, carrier, asked FROM inbox WHERE workspace_id = %s ORDER BY inbox_id"
        return [(source, carrier, sorted(asked)) for source, carrier, asked in self.rows(query)]

    def checks(self):
        """Number → outcome, kind and words of its check."""
        query = (
            "SELECT n.tracking_number, c.outcome, c.failed_kind, c.failed_detail FROM checks c "
            "JOIN numbers n USING (workspace_id, number_id) WHERE c.workspace_id = %s"
        )
        about, keys = f"{self.workspace}/checks.failed_detail", self.database.keys
        return {no: (outcome, kind, keys.open_text(said, about)) for no, outcome, kind, said in self.rows(query)}

    def health(self):
        """Of each account: failures, kind, seconds until it is asked again."""
        query = (
            "SELECT failures, failed_kind, extract(epoch FROM retry_at - clock_timestamp())::float FROM source_health "
            "WHERE workspace_id = %s ORDER BY account_id"
        )
        return self.rows(query)


@asynccontextmanager
async def asker(store, carriers, pace=None, total_s=5.0, detector=None):
    sources = KnownSources(carriers)
    known = Known(store.database, sources, OwnAccounts(sources), Steady(), detector)
    async with Gateway(LOOPBACK, Bounds(total_s=total_s)) as gateway:
        yield Asker(known, gateway, pace or Pace(idle_s=0.05))


def ask_all(store, carriers, rounds=1, **options):
    """Some rounds, each brought to its end."""

    async def run():
        async with asker(store, carriers, **options) as one:
            for _ in range(rounds):
                await one.round()
                await one.settled()

    asyncio.run(run())
