"""Parcels that an aggregator follows, from the first check to the end, and a clock that is moved on."""

import asyncio
import datetime as dt

from everyleg.accounts import sources as accounts
from everyleg.accounts.actors import command_line
from everyleg.app.everybody import everybody
from everyleg.app.plugins import registry
from everyleg.pipeline.ages import CHECK, plan_soon
from everyleg.pipeline.intake import Received, receive
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.pipeline.work import drain
from everyleg.planner.asking import Asker, KnownSources, Pace
from everyleg.planner.planning import Planner
from everyleg.planner.routing.letting_go import LettingGo
from everyleg.ports.outbound.gateway import Gateway
from everyleg.store.due import arm

from .aggregators import KEY, V24
from .asking_kit import LOOPBACK

YANWEN = 190012
"""What 17TRACK calls the carrier of the parcels."""


class Life:
    """Parcels of Yanwen whose only source is an aggregator, and a clock that is moved on."""

    def __init__(self, database, workspace):
        self.database, self.workspace, self.now = database, workspace, dt.datetime.now(dt.UTC)
        with database.transaction(None, "worker") as worker:
            worker.execute("DELETE FROM due")  # rounds are of all workspaces, and others' servers are gone
        self.planner = Planner(KnownSources(registry()))
        self.known = everybody(database, registry(), self.planner, self.clock)

    def clock(self):
        return self.now

    def account(self, server, source="17track", path=V24, per_second=1000, **said):
        """`per_second`: what it allows; None: what 17TRACK allows anybody."""
        with self.database.transaction(self.workspace) as app:
            keys, actor = self.database.keys, command_line(self.workspace)
            known = {"api_key": KEY, "customer": "a customer", "base_url": server.url + path, **said}
            account = accounts.add(app, keys, actor, source, "main", known)
            accounts.change(app, keys, actor, account, accounts.Change(limit={"per_second": per_second}))

    def parcels(self, *numbers):
        with self.database.transaction(self.workspace) as app:
            ensure_parcels(app, self.workspace, [NewParcel("yanwen", number) for number in numbers])
        self.plan()

    def plan(self):
        while self.planner.plan_changes(self.database, self.now) + self.planner.plan_due(self.database, self.now):
            pass

    def ask(self):
        async def run(gateway):
            asker = Asker(self.known, gateway, Pace(idle_s=0.05), self.clock)
            while await asker.round():
                await asker.settled()

        self._by_gateway(run)
        self.take_in()

    def take_in(self):
        drain(self.database, registry())
        self.plan()

    def followed(self, *numbers):
        """Parcels that are registered, asked for and on their way."""
        self.parcels(*numbers)
        self.ask()

    def delivered(self, track, *numbers):
        """17TRACK pushes that they were delivered."""
        track.delivered |= set(numbers)
        self.pushed(*(track.pushes(number, YANWEN) for number in numbers))

    def pushed(self, *bodies, by="17track"):
        """What an aggregator pushed and signed."""
        receive(self.database, [Received(self.workspace, by, by, body, (), self.now) for body in bodies])
        self.take_in()

    def due(self, number, kind=CHECK):
        """Its check comes due, or somebody asks now."""
        with self.database.transaction(None, "worker") as worker:
            query = "SELECT number_id FROM numbers WHERE workspace_id = %s AND tracking_number = %s"
            (number_id,) = worker.execute(query, (self.workspace, number)).fetchone()
            arm(worker, (self.workspace, kind, number_id), self.now)

    def person(self, number, stopped):
        """A person stops a parcel, or lets it go on."""
        with self.database.transaction(None, "worker") as worker:
            row = worker.execute(
                "UPDATE parcels p SET stopped_at = %s FROM numbers n WHERE p.workspace_id = %s"
                " AND n.workspace_id = p.workspace_id AND n.number_id = p.number_id AND n.tracking_number = %s"
                " RETURNING p.parcel_id",
                (self.now if stopped else None, self.workspace, number),
            ).fetchone()
            plan_soon(worker, self.workspace, row[0], self.now)
        self.plan()

    def let_go(self, after=dt.timedelta(0)):
        """Some time later: gives how many numbers were looked at."""
        self.now += after

        async def run(gateway):
            return await LettingGo(self.known, gateway, self.clock).round()

        return self._by_gateway(run)

    def _by_gateway(self, work):
        async def run():
            async with Gateway(LOOPBACK) as gateway:
                return await work(gateway)

        return asyncio.run(run())

    def rows(self, query):
        with self.database.transaction(None, "worker") as worker:
            return worker.execute(query, (self.workspace,)).fetchall()

    def ledger(self):
        return dict(self.rows("SELECT tracking_number, state FROM registrations WHERE workspace_id = %s"))

    def waiting(self):
        """How many numbers are to be let go some time."""
        return self.rows("SELECT count(*) FROM due WHERE workspace_id = %s AND kind = 'let_go'")[0][0]

    def spent(self):
        """Registrations, and their money, of all months."""
        query = "SELECT sum(times)::int, sum(money) FROM spending WHERE workspace_id = %s AND what = 'registration'"
        return self.rows(query)[0]
