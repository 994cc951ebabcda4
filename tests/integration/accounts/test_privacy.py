"""Personal data in the store: nowhere in clear, sealed anew by rotation, gone when erased; the journey stays."""

import datetime as dt
import json
import threading

import psycopg
import pytest

from everyleg.accounts import addresses, audit, invitations, people, secrets, sessions
from everyleg.accounts.actors import command_line, system
from everyleg.accounts.audit import Subject
from everyleg.accounts.errors import LastOwnerError, NotAllowedError, UnknownError
from everyleg.accounts.people import NewPerson
from everyleg.accounts.privacy import retaining
from everyleg.accounts.privacy.erasing import CLEARED, REMOVED, SAID, TIMELINE, WAITING, erase_person
from everyleg.accounts.privacy.finding import Whom
from everyleg.accounts.privacy.rotating import NotRotatedError, left, rotate
from everyleg.app.plugins import registry
from everyleg.pipeline.erasing import REMAINS
from everyleg.pipeline.intake import Received, receive
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.pipeline.replay import replay
from everyleg.pipeline.verify import verify
from everyleg.pipeline.work import drain
from everyleg.store.db import Database
from everyleg.store.migrations import migrate
from everyleg.store.sealing import SealError, about_column, load_keyring
from everyleg.store.tables import metadata
from everyleg.store.tables.personal import PERSONAL, SEALED

from ..store.rows import row_of
from .conftest import HASHER, NOW, PASSWORD, an_address

BUYER = "ida.lindqvist@example.com"
PLANTED = {
    "address": BUYER,
    "postcode": "11749-QX",
    "signer": "Ida Lindqvist-Falk",
    "street": "Kornhamnsgränd",
    "remark": "wants it left with Torvald next door",
    "staff": "Dagny Rosenqvist",
    "token": "tok_9f8e7d6c5b4a3f2e1d",
    "agent": "Browser of Dagny/7.1",
    "source": "198.51.100.77",
}


def a_body(number, days_ago=10, delivered_to="front door", delivered=True):
    """An answer of DHL's unified tracking with a buyer in it."""
    at = NOW - dt.timedelta(days=days_ago)
    place = {"address": {"countryCode": "SE", "postalCode": PLANTED["postcode"], "addressLocality": PLANTED["street"]}}

    def event(hours, status, text, where=place):
        moment = (at - dt.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S+01:00")
        return {"timestamp": moment, "location": where, "statusCode": status, "status": status, "description": text}

    china = {"address": {"countryCode": "CN", "addressLocality": "GUANGZHOU - CHINA MAINLAND"}}
    events = [
        event(0, "delivered", f"Delivered to {PLANTED['signer']}, {delivered_to}"),
        event(4, "transit", "Shipment is out with courier for delivery"),
        event(90, "transit", "Shipment picked up", china),
    ]
    if not delivered:
        events = [event(3, "transit", f"Arrived at DHL Sort Facility, to {PLANTED['signer']}"), *events[2:]]
    proof = {"timestamp": events[0]["timestamp"], "signed": {"@type": "Person", "name": PLANTED["signer"]}}
    details = {"proofOfDelivery": proof, "references": [{"number": f"7{number}", "type": "last-mile-tracking-number"}]}
    shipment = {"id": number, "service": "express", "status": events[0], "events": events, "details": details}
    return json.dumps({"shipments": [shipment]}).encode()


class World:
    """A workspace with an order, its parcel followed to the end, and somebody who works on it."""

    def __init__(self, database, workspace):
        self.database, self.workspace = database, workspace
        self.me = command_line(workspace)

    def order(self, reference, number, **body):
        keys, workspace = self.database.keys, self.workspace
        with self.database.transaction(workspace) as app:
            (shipment,) = app.execute(
                "INSERT INTO shipments (workspace_id, order_reference, destination_country, destination_postcode,"
                " buyer_email, buyer_email_digest, attributes) VALUES (%s, %s, 'SE', %s, %s, %s, %s)"
                " RETURNING shipment_id",
                (
                    workspace,
                    reference,
                    keys.seal_text(PLANTED["postcode"], about_column(workspace, "shipments.destination_postcode")),
                    keys.seal_text(BUYER, about_column(workspace, "shipments.buyer_email")),
                    addresses.digest(keys, BUYER),
                    keys.seal_json({"note": PLANTED["street"]}, about_column(workspace, "shipments.attributes")),
                ),
            ).fetchone()
            (ensured,) = ensure_parcels(app, workspace, [NewParcel("dhl-unified", number, shipment)])
            app.execute(
                "INSERT INTO remarks (workspace_id, parcel_id, body) VALUES (%s, %s, %s)",
                (
                    workspace,
                    ensured.parcel_id,
                    keys.seal_text(PLANTED["remark"], about_column(workspace, "remarks.body")),
                ),
            )
            audit.note(app, keys, self.me, "parcel.added", Subject("parcel", ensured.parcel_id), {"for": BUYER})
        self.answer(number, **body)
        return ensured.parcel_id

    def answer(self, number, **body):
        received = Received(self.workspace, "carrier_api", "dhl-unified", a_body(number, **body), (number,), NOW)
        receive(self.database, [received])
        drain(self.database, registry())

    def erase(self, **whom):
        return erase_person(self.database, self.me, Whom(**whom), NOW, REMAINS)

    def state(self, parcel):
        return self.one(
            "SELECT milestone, sub_status, stage, exception, since, last_event_at, delivered_at, carriers FROM states"
            " WHERE parcel_id = %s",
            parcel,
        )

    def one(self, query, *values):
        with self.database.transaction(self.workspace) as app:
            return app.execute(query, values).fetchone()

    def opened(self):
        """Everything of the workspace that lies sealed, as text."""
        keys, texts = self.database.keys, []
        with self.database.transaction(None, "worker") as worker:
            for table, column in SEALED:
                query = f"SELECT {column} FROM {table} WHERE workspace_id = %s AND {column} IS NOT NULL"  # noqa: S608
                about = about_column(self.workspace, f"{table}.{column}")
                texts += [keys.open(row[0], about).decode() for row in worker.execute(query, (self.workspace,))]
        return "\n".join(texts)


@pytest.fixture
def world(database, workspace):
    # what is due is claimed for all workspaces, those of other tests too
    with database.transaction(None, "worker") as worker:
        worker.execute("DELETE FROM due WHERE kind = %s", (retaining.KIND,))
    return World(database, workspace)


def test_every_personal_column_has_its_way_of_being_erased():
    assert {*CLEARED, *REMOVED, *WAITING, SAID, TIMELINE} == set(PERSONAL)


@pytest.mark.parametrize("whom", [{"email": BUYER.upper()}, {"order": "A-1"}, {"parcel": "4012345756"}])
def test_a_buyer_is_erased_however_they_are_named(world, whom):
    parcel = world.order("A-1", "4012345756")
    before = world.state(parcel)
    assert PLANTED["signer"] in world.opened()
    erased = world.erase(**whom)
    assert erased.parcels == 1
    assert {"shipments.buyer_email", "statements.said", "observations.body", "remarks.body"} <= set(erased.counts)
    left_over = world.opened()
    assert [name for name, value in PLANTED.items() if value in left_over] == []
    assert world.state(parcel) == before


def test_what_happened_and_when_and_in_which_country_stays(world):
    parcel = world.order("A-1", "4012345756")

    def told():
        query = "SELECT said FROM statements WHERE workspace_id = %s AND said IS NOT NULL"
        with world.database.transaction(world.workspace) as app:
            about = about_column(world.workspace, "statements.said")
            rows = app.execute(query, (world.workspace,)).fetchall()
        return sorted(json.loads(world.database.keys.open(row[0], about))[5] for row in rows)

    facts = "SELECT count(*), min(occurred_at), max(occurred_at), array_agg(sub_status ORDER BY key) FROM statements"
    before, countries = world.one(facts), told()
    world.erase(parcel="4012345756")
    assert world.one(facts) == before
    assert told() == countries == ["CN", "SE", "SE"]
    assert world.state(parcel)[0] == "delivered"


def test_a_pick_up_point_stays_one_though_its_words_are_gone(world):
    parcel = world.order("A-1", "4012345756", delivered_to="parcel locker 7")
    before = world.state(parcel)
    assert before[1] == "available_at_locker"
    world.erase(order="A-1")
    assert PLANTED["signer"] not in world.opened()
    assert world.state(parcel) == before


def test_what_is_stored_is_what_the_fold_makes_of_what_is_left(world):
    world.order("A-1", "4012345756")
    world.erase(order="A-1")
    assert verify(world.database, world.workspace) == []


def test_reading_everything_again_brings_nothing_back_and_takes_nothing_away(world):
    parcel = world.order("A-1", "4012345756")
    world.erase(order="A-1")
    joined = "SELECT (SELECT count(*) FROM links) + (SELECT count(*) FROM mentions)"
    before = world.state(parcel), world.one(joined), world.opened()
    assert world.one(joined)[0] > 0
    replay(world.database, registry(), workspace=world.workspace)
    assert (world.state(parcel), world.one(joined), world.opened()) == before


def test_a_parcel_that_became_part_of_another_brings_all_of_it(world):
    with world.database.transaction(world.workspace) as app:
        (last_mile,) = ensure_parcels(app, world.workspace, [NewParcel("", "74012345756", None)])
    kept = world.order("A-1", "4012345756")
    merged = "SELECT least(parcel_id, merged_into), greatest(parcel_id, merged_into) FROM parcels WHERE merged_into > 0"
    assert world.one(merged) == tuple(sorted((last_mile.parcel_id, kept)))
    world.erase(parcel="74012345756")
    left_over = world.opened()
    assert [name for name, value in PLANTED.items() if value in left_over] == []
    assert world.one("SELECT count(*) FROM parcels WHERE erased_at IS NULL") == (0,)
    assert verify(world.database, world.workspace) == []


def test_answers_that_come_in_meanwhile_leave_nothing_that_is_not_the_folds(world):
    world.order("A-1", "4012345756")
    failed = []

    def tell():
        try:
            for number in range(8):
                world.answer("4012345756", delivered_to=f"door {number}")
        except Exception as error:
            failed.append(error)

    teller = threading.Thread(target=tell)
    teller.start()
    for _ in range(8):
        world.erase(order="A-1")
    teller.join()
    assert failed == []
    assert verify(world.database, world.workspace) == []
    world.erase(order="A-1")
    assert PLANTED["signer"] not in world.opened()


def test_erasing_again_finds_nothing_more_to_erase(world):
    world.order("A-1", "4012345756")
    world.erase(order="A-1")
    assert world.erase(order="A-1").counts == {}


def test_an_erased_parcel_is_followed_no_more_and_its_link_leads_nowhere(world):
    parcel = world.order("A-1", "4012345756")
    with world.database.transaction(world.workspace) as app:
        app.execute("UPDATE parcels SET link_token = 'x' WHERE parcel_id = %s", (parcel,))
    world.erase(order="A-1")
    query = "SELECT link_token, stopped_at, erased_at FROM parcels WHERE parcel_id = %s"
    assert world.one(query, parcel) == (None, NOW, NOW)
    assert world.one("SELECT count(*) FROM due WHERE kind = 'plan' AND subject_id = %s", parcel) == (1,)


def test_others_orders_stay_as_they_are(world):
    world.order("A-1", "4012345756")
    kept = world.order("A-2", "4012345767")
    before = world.one("SELECT timeline FROM states WHERE parcel_id = %s", kept)
    world.erase(order="A-1")
    assert world.one("SELECT timeline FROM states WHERE parcel_id = %s", kept) == before
    assert PLANTED["signer"] in world.opened()


def test_another_workspaces_data_about_the_same_person_stays(world, database, other_workspace):
    world.order("A-1", "4012345756")
    elsewhere = World(database, other_workspace)
    elsewhere.order("A-1", "4012345756")
    world.erase(email=BUYER)
    assert PLANTED["signer"] in elsewhere.opened()


def test_nobody_known_is_said_so(world):
    with pytest.raises(UnknownError, match="nothing is kept"):
        world.erase(email=an_address())


def test_erasing_is_noted_without_saying_whom(world):
    world.order("A-1", "4012345756")
    world.erase(email=BUYER)
    with world.database.transaction(world.workspace) as app:
        (entry, *_) = audit.listed(app, world.database.keys, world.workspace, audit.Page())
    assert entry.action == "privacy.erased"
    assert entry.detail["values"]["shipments.buyer_email"] == 1
    assert BUYER not in str(entry.detail)


@pytest.mark.parametrize("role", ["manager", "operator"])
def test_only_an_owner_erases(world, team, role):
    world.order("A-1", "4012345756")
    world.me = team.add(role).actor()
    with pytest.raises(NotAllowedError):
        world.erase(order="A-1")
    assert PLANTED["signer"] in world.opened()


def test_a_colleague_is_erased_and_what_they_did_stays(world, team, database):
    owner, person = team.add("owner"), team.add(email="dagny@example.com")
    token = team.sign_in(person).token
    with database.transaction(world.workspace) as app:
        invitations.make(app, database.keys, owner.actor(), invitations.Offer("analyst", email=person.email), NOW)
    erased = world.erase(email="Dagny@Example.com")
    assert {"people.email", "people.name", "sessions.ip", "invitations.email", "audit.ip"} <= set(erased.counts)
    assert "dagny" not in world.opened()
    assert sessions.who(database, token, NOW) is None
    assert team.sign_in(person) is None
    with database.transaction(world.workspace) as app:
        assert [p.person_id for p in people.listed(app, database.keys, world.workspace)] == [owner.person_id]
        entries = audit.listed(app, database.keys, world.workspace, audit.Page())
    assert ("person.signed_in", person.person_id, None) in [(e.action, e.actor_id, e.ip) for e in entries]


def test_the_last_owner_is_not_erased(world, team):
    owner = team.add("owner")
    with pytest.raises(LastOwnerError):
        world.erase(email=owner.email)
    assert team.person(owner.person_id).email == owner.email


def retain(world, days):
    with world.database.transaction(world.workspace) as app:
        retaining.keep_for(app, world.database.keys, world.me, days, NOW)


def test_what_is_finished_long_enough_is_erased_and_nothing_else(world):
    old = world.order("A-1", "4012345756", days_ago=40)
    fresh = world.order("A-2", "4012345767", days_ago=20)
    moving = world.order("A-3", "4012345778", days_ago=40, delivered=False)
    retain(world, 30)
    erased = retaining.apply(world.database, system(world.workspace), NOW, REMAINS)
    assert erased.parcels == 1
    query = "SELECT erased_at IS NOT NULL FROM parcels WHERE parcel_id = %s"
    assert [world.one(query, parcel)[0] for parcel in (old, fresh, moving)] == [True, False, False]
    assert retaining.apply(world.database, system(world.workspace), NOW, REMAINS).parcels == 0


def test_a_parcel_nobody_hears_of_is_finished_after_twice_the_time(world):
    lost = world.order("A-3", "4012345778", days_ago=70, delivered=False)
    retain(world, 30)
    retaining.apply(world.database, system(world.workspace), NOW, REMAINS)
    assert world.one("SELECT erased_at FROM parcels WHERE parcel_id = %s", lost) == (NOW,)


def test_without_the_setting_nothing_is_erased(world):
    world.order("A-1", "4012345756", days_ago=4000)
    assert retaining.apply(world.database, system(world.workspace), NOW, REMAINS).parcels == 0
    with world.database.transaction(world.workspace) as app:
        assert retaining.days(app, world.workspace) is None


def test_retention_is_due_daily_until_it_is_taken_back(world):
    old = world.order("A-1", "4012345756", days_ago=40)
    retain(world, 30)
    assert retaining.run_due(world.database, NOW, REMAINS) == 1
    assert world.one("SELECT erased_at IS NOT NULL FROM parcels WHERE parcel_id = %s", old) == (True,)
    assert retaining.run_due(world.database, NOW, REMAINS) == 0
    assert retaining.run_due(world.database, NOW + dt.timedelta(days=1), REMAINS) == 1
    retain(world, None)
    assert retaining.run_due(world.database, NOW + dt.timedelta(days=9), REMAINS) == 0


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_a_time_that_makes_no_sense_is_refused(world, days):
    with pytest.raises(ValueError, match="give 1 to 3650"):
        retain(world, days)


@pytest.fixture
def store(empty, tmp_path):
    """A database of its own, with a keyring in a file."""
    migrate(empty)
    with Database(empty, load_keyring(tmp_path / "keys.json")) as opened:
        yield opened


@pytest.fixture
def keyring(tmp_path):
    return tmp_path / "keys.json"


def dump(conninfo):
    """Every row of every table as the disk has it, as text."""
    with psycopg.connect(conninfo) as admin, admin.cursor() as cursor:
        names = [r[0] for r in cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()]
        assert set(names) >= set(metadata.tables)
        parts = []
        for name in names:
            with cursor.copy(f"COPY {name} TO STDOUT") as copy:
                parts += [bytes(part) for part in copy]
    return b"".join(parts)


def shown(conninfo):
    """Which of the planted values a dump shows, as text or as the bytes of a binary column."""
    dumped = dump(conninfo)
    return [n for n, value in PLANTED.items() if value.encode() in dumped or value.encode().hex().encode() in dumped]


def test_no_table_shows_anybody_in_clear(store, empty):
    workspace = 1
    with store.transaction(None, "worker") as worker:
        worker.execute("INSERT INTO workspaces (slug, name, kind) VALUES ('a', 'A', 'seller')")
    owner = NewPerson("dagny@example.com", PLANTED["staff"], PASSWORD)
    people.make_owner(store, HASHER, workspace, owner)
    client = sessions.Client(PLANTED["source"], PLANTED["agent"])
    me = sessions.sign_in(store, HASHER, "dagny@example.com", PASSWORD, NOW, client).person.actor(PLANTED["source"])
    World(store, workspace).order("A-1", "4012345756")
    with store.transaction(workspace) as app:
        invitations.make(app, store.keys, me, invitations.Offer("analyst", email=BUYER), NOW)
        secrets.put(app, store.keys, me, "carrier/usps/api_key", PLANTED["token"])
    assert shown(empty) == []
    assert "4012345756" in dump(empty).decode("utf-8", "replace")


def plant(store):
    """A row in every table, whose sealed columns say where they are."""
    with store.transaction(None, "worker") as worker:
        insert = "INSERT INTO workspaces (slug, name, kind) VALUES ('a', 'A', 'seller') RETURNING workspace_id"
        workspace = worker.execute(insert).fetchone()[0]
        for table in metadata.sorted_tables:
            if table.name == "workspaces":
                continue
            row = row_of(table, workspace)
            for name, column in SEALED:
                if name == table.name:
                    row[column] = store.keys.seal_text(
                        f"{name}.{column}" * 40, about_column(workspace, f"{name}.{column}")
                    )
            names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
            worker.execute(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(row.values()))  # noqa: S608
    return workspace


def opens(database, workspace):
    """Whether every sealed column still says where it is."""
    found = {}
    with database.transaction(None, "worker") as worker:
        for table, column in SEALED:
            value = worker.execute(f"SELECT {column} FROM {table}").fetchone()[0]  # noqa: S608
            found[table, column] = database.keys.open_text(value, about_column(workspace, f"{table}.{column}"))
    return found == {(table, column): f"{table}.{column}" * 40 for table, column in SEALED}


def test_after_rotation_everything_opens_with_the_new_key_and_only_it(store, keyring):
    workspace = plant(store)
    done = rotate(store, keyring, settle=0)
    assert set(done) == {table for table, _ in SEALED}
    assert load_keyring(keyring).numbers == [2]
    assert left(store, 2) == []
    assert opens(store, workspace)


def test_a_rotation_that_was_killed_goes_on_and_makes_no_third_key(store, keyring):
    workspace = plant(store)
    seen = []

    def dies(table, rows):
        seen.append(table)
        if len(seen) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(store, keyring, dies, settle=0)
    assert load_keyring(keyring).numbers == [1, 2]
    assert opens(store, workspace)
    again = rotate(store, keyring, settle=0)
    assert set(again) == {table for table, _ in SEALED} - set(seen)
    assert load_keyring(keyring).numbers == [2]
    assert opens(store, workspace)


def test_a_process_that_ran_all_the_while_reads_and_writes_on(store, empty, keyring):
    workspace = plant(store)
    with Database(empty, load_keyring(keyring)) as other:
        rotate(store, keyring, settle=0)
        assert opens(other, workspace)
        assert other.keys.key_of(other.keys.seal(b"x", "y")) == 2


def test_the_old_key_stays_while_somebody_holds_a_row_that_it_sealed(store, keyring):
    workspace = plant(store)
    with store.transaction(None, "worker") as holder:
        holder.execute("SELECT FROM remarks FOR UPDATE")
        with pytest.raises(NotRotatedError, match="remarks"):
            rotate(store, keyring, settle=0)
        assert load_keyring(keyring).numbers == [1, 2]
    rotate(store, keyring, settle=0)
    assert load_keyring(keyring).numbers == [2]
    assert opens(store, workspace)


def test_two_rotations_do_not_run_at_once(store, keyring):
    def second(table, rows):
        with pytest.raises(NotRotatedError, match="another rotation"):
            rotate(store, keyring, settle=0)

    plant(store)
    rotate(store, keyring, second, settle=0)


def test_many_rows_are_sealed_anew_in_batches(store, keyring):
    workspace = plant(store)
    about = about_column(workspace, "remarks.body")
    with store.transaction(None, "worker") as worker:
        parcel = worker.execute("SELECT parcel_id FROM parcels").fetchone()[0]
        rows = [(workspace, parcel, store.keys.seal_text(f"remark {n}", about)) for n in range(1200)]
        worker.cursor().executemany("INSERT INTO remarks (workspace_id, parcel_id, body) VALUES (%s, %s, %s)", rows)
    batches = []
    rotate(store, keyring, lambda table, rows: batches.append(rows) if table == "remarks" else None, settle=0)
    assert batches == [500, 500, 201]


def test_what_the_old_key_sealed_elsewhere_opens_no_more(store, keyring):
    plant(store)
    old = store.keys.seal(b"in a backup of yesterday", "x")
    rotate(store, keyring, settle=0)
    with pytest.raises(SealError, match="does not hold"):
        load_keyring(keyring).open(old, "x")
