"""Rows of a sheet into the store."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everyleg.accounts.actors import Actor, command_line
from everyleg.accounts.addresses import digest
from everyleg.accounts.errors import NotAllowedError
from everyleg.accounts.roles import Permission
from everyleg.sheets import adding
from everyleg.sheets.adding import Earlier, add
from everyleg.sheets.incoming import Habits, read
from everyleg.sheets.notes import SheetError
from everyleg.store.sealing import about_column
from tests.factories.sheets import csv_of, kinds
from tests.integration.conftest import new_workspace

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
A, B, C = "YT2630700700000001", "YT2630700700000002", "LK123456785CN"
HEAD = [
    "订单号",
    "运单号",
    "店铺",
    "平台",
    "物流渠道",
    "国家",
    "邮编",
    "发货时间",
    "买家邮箱",
    "SKU",
    "数量",
    "标签",
    "备注",
    "颜色",
]
FULL = ["O-1", A, "Shop", "Amazon", "云途", "US", "08540", "2026-11-03", "B@x.co", "MUG", "2", "vip", "hello", "red"]


class Store:
    """Adds sheets to a workspace and looks at what is there."""

    def __init__(self, database, workspace):
        self.database, self.workspace, self.author = database, workspace, command_line(workspace)

    def add(self, *rows, head=HEAD, now=NOW, author=None):
        return self.sheet(csv_of(head, *rows), now, author)

    def sheet(self, source, now=NOW, author=None):
        return list(add(self.database, self.workspace, read(source, Habits()), author or self.author, now))

    def all(self, query, *values):
        with self.database.transaction(self.workspace) as connection:
            return connection.execute(query, values).fetchall()

    def one(self, query, *values):
        (row,) = self.all(query, *values)
        return row

    def opened(self, column, sealed):
        return self.database.keys.open(sealed, about_column(self.workspace, column)).decode()

    def everything(self):
        tables = (
            "shipments",
            "shipment_lines",
            "parcels",
            "numbers",
            "legs",
            "shops",
            "channels",
            "tags",
            "parcel_tags",
            "remarks",
        )
        return {table: sorted(self.all(f"SELECT * FROM {table}"), key=repr) for table in tables}  # noqa: S608


@pytest.fixture
def store(database, workspace):
    return Store(database, workspace)


def fates(found):
    return [fate.kind for fate in found]


def test_a_row_becomes_a_shipment_with_all_that_it_says(store):
    (fate,) = store.add(FULL)
    assert (fate.kind, len(fate.parcels)) == ("added", 1)
    row = store.one(
        "SELECT s.order_reference, h.name, h.platform, c.name, s.destination_country, s.shipped_at, s.destination_postcode,"
        " s.buyer_email, s.attributes, s.buyer_email_digest, p.parcel_id, n.tracking_number, n.carrier"
        " FROM shipments s JOIN shops h USING (shop_id) JOIN channels c USING (channel_id) JOIN parcels p USING (shipment_id)"
        " JOIN numbers n USING (number_id)"
    )
    assert row[:5] == ("O-1", "Shop", "Amazon", "云途", "US")
    assert row[5] == datetime(2026, 11, 3, tzinfo=UTC)
    assert store.opened("shipments.destination_postcode", row[6]) == "08540"
    assert store.opened("shipments.buyer_email", row[7]) == "B@x.co"
    assert store.opened("shipments.attributes", row[8]) == '{"颜色":"red"}'
    assert row[9] == digest(store.database.keys, "b@X.co")
    assert row[10:] == (fate.parcels[0], A, "")
    assert store.one("SELECT sku, quantity, tracking_number FROM shipment_lines") == ("MUG", Decimal(2), A)
    assert store.one("SELECT name FROM tags JOIN parcel_tags USING (tag_id)") == ("vip",)
    assert store.opened("remarks.body", store.one("SELECT body FROM remarks")[0]) == "hello"


def test_nothing_that_tells_of_a_buyer_lies_open(store):
    store.add(FULL)
    with store.database.transaction(None, "worker") as worker:
        rows = [
            str(row)
            for row in worker.execute("SELECT s::text FROM shipments s UNION ALL SELECT r::text FROM remarks r")
        ]
    assert not any(word in row for row in rows for word in ("x.co", "08540", "hello", "red"))


def test_the_same_sheet_twice_changes_nothing(store):
    rows = [
        FULL,
        ["O-2", f"{B},{C}", *FULL[2:]],
        ["", "123456789012", *[""] * 12],
        FULL,
        ["O-1", A, *FULL[2:9], "CUP", *FULL[10:]],
    ]
    store.add(*rows)
    before = store.everything()
    assert set(fates(store.add(*rows, now=NOW + timedelta(days=1)))) == {"unchanged"}
    assert store.everything() == before


def test_a_changed_row_changes_what_it_says_and_clears_nothing(store):
    store.add(FULL)
    (fate,) = store.add(["O-1", A, "", "", "", "DE", "", "", "", "MUG", "3", "new", "again", "blue"])
    assert fate.kind == "updated"
    assert set(fate.notes[-2].about["columns"].split("|")) == {"country", "sku", "tags", "remark", "颜色"}
    row = store.one("SELECT destination_country, shop_id, destination_postcode, attributes FROM shipments")
    assert row[0] == "DE" and row[1] and store.opened("shipments.destination_postcode", row[2]) == "08540"
    assert store.opened("shipments.attributes", row[3]) == '{"颜色":"blue"}'
    assert store.one("SELECT quantity FROM shipment_lines") == (3,)
    assert len(store.all("SELECT 1 FROM parcel_tags")) == len(store.all("SELECT 1 FROM remarks")) == 2


def test_a_changed_country_has_the_parcel_folded_anew(store):
    store.add(FULL)
    store.all("DELETE FROM due RETURNING 1")
    store.add(["O-1", A, "", "", "", "DE", *[""] * 8])
    assert store.one("SELECT kind, subject_id FROM due") == ("fold", store.one("SELECT number_id FROM numbers")[0])


def test_the_same_row_twice_is_one_and_says_which(store):
    first, second = store.add(FULL, FULL)
    assert (first.kind, second.kind, first.parcels) == ("added", "unchanged", second.parcels)
    assert second.notes[-1].said("en") == "same as row 2"


def test_several_numbers_in_a_cell_are_parcels_of_one_shipment(store):
    (fate,) = store.add(["O-1", f"{A} {B}", *FULL[2:]])
    assert len(fate.parcels) == 2
    assert store.one("SELECT count(DISTINCT shipment_id), count(*) FROM parcels") == (1, 2)
    assert store.one("SELECT tracking_number FROM shipment_lines") == (None,)


def test_rows_of_one_order_are_one_shipment(store):
    assert fates(store.add(["O-1", A], ["O-1", B], ["O-2", C], head=HEAD[:2])) == ["added"] * 3
    assert store.one("SELECT count(*) FROM shipments") == (2,)


def test_orders_of_two_shops_may_have_one_number(store):
    store.add(["O-1", A, "east"], ["O-1", B, "west"], head=HEAD[:3])
    assert store.one("SELECT count(*) FROM shipments") == (2,)


def test_a_number_of_two_orders_is_a_parcel_of_each_and_that_is_said(store):
    first, second = store.add(["O-1", A], ["O-2", A], head=HEAD[:2])
    assert (fates([first, second]), kinds(second.notes)) == (["added", "added"], ["other_order"])
    assert "O-1" in second.said("en")
    assert set(first.parcels).isdisjoint(second.parcels)
    assert store.one("SELECT count(*) FROM numbers") == (1,)
    assert fates(store.add(["O-1", A], ["O-2", A], head=HEAD[:2])) == ["unchanged"] * 2


def test_an_order_is_put_to_a_number_that_came_without(store):
    store.add([A], head=["运单号"])
    (fate,) = store.add(["O-1", A], head=HEAD[:2])
    assert fate.kind == "updated"
    assert store.one("SELECT order_reference FROM shipments") == ("O-1",)


def test_what_the_first_row_says_of_a_shipment_stands_against_later_rows(store):
    found = store.add(["O-1", A, "US"], ["O-1", B, "DE"], head=["订单号", "运单号", "国家"])
    assert kinds(found[1].notes) == ["kept_first"]
    assert store.one("SELECT destination_country FROM shipments") == ("US",)


def test_without_an_order_numbers_stay_with_the_shipments_that_have_them(store):
    first = store.add(["O-1", A], ["O-2", B], head=HEAD[:2])
    (fate,) = store.add(["", f"{A},{B}"], head=HEAD[:2])
    assert (fate.kind, fate.parcels) == ("unchanged", first[0].parcels + first[1].parcels)


def test_a_number_known_under_a_carrier_keeps_it(store):
    store.add([A], head=["运单号"])
    with store.database.transaction(store.workspace) as connection:
        connection.execute("UPDATE numbers SET carrier = 'usps'")
    (fate,) = store.add(["O-1", A], head=HEAD[:2])
    assert fate.kind == "updated"
    assert store.all("SELECT carrier FROM numbers") == [("usps",)]


def test_refused_rows_do_not_keep_the_others_out(store):
    found = store.add(["O-1", "9.4E+21"], ["O-2", A], ["O-3", ""], head=HEAD[:2])
    assert fates(found) == ["refused", "added", "refused"]
    assert store.all("SELECT order_reference FROM shipments") == [("O-2",)]


def test_new_names_are_made_and_said_once(store):
    first, second = store.add(FULL, ["O-2", B, *FULL[2:]])
    assert [kind for kind in kinds(first.notes) if kind.startswith("made")] == ["made_shop", "made_channel", "made_tag"]
    assert [kind for kind in kinds(second.notes) if kind.startswith("made")] == []


def test_a_shops_platform_is_set_once(store):
    store.add(["O-1", A, "Shop", "eBay"], ["O-2", B, "Shop", "Amazon"], head=HEAD[:4])
    assert store.all("SELECT name, platform FROM shops") == [("Shop", "eBay")]


def test_a_quantity_of_nothing_is_said_not_to_be_kept(store):
    (fate,) = store.add([A, "3"], head=["运单号", "数量"])
    assert kinds(fate.notes) == ["no_sku"]


def test_batches_are_as_one(store, monkeypatch):
    rows = [FULL, ["O-1", B, *FULL[2:5], "DE", *FULL[6:]], FULL, ["O-2", A, *FULL[2:]]]
    monkeypatch.setattr(adding, "BATCH", 1)
    found = store.add(*rows)
    assert fates(found) == ["added", "added", "unchanged", "added"]
    assert "kept_first" in kinds(found[1].notes)
    before = store.everything()
    assert set(fates(store.add(*rows))) == {"unchanged"}
    assert store.everything() == before


def test_a_sheet_that_breaks_off_keeps_the_batches_before(store, monkeypatch):
    monkeypatch.setattr(adding, "BATCH", 20)
    source = csv_of(HEAD[:2], *[[f"O-{i}", f"YT26307007{i:08d}"] for i in range(50)]) + b'O-2,"' + b"x" * 200_000
    with pytest.raises(SheetError):
        store.sheet(source)
    assert store.one("SELECT count(*) FROM shipments") == (40,)


def test_progress_is_told_after_each_batch(store, monkeypatch):
    monkeypatch.setattr(adding, "BATCH", 2)
    steps = []
    rows = read(csv_of(["运单号"], [A], [B], [C]))
    list(add(store.database, store.workspace, rows, store.author, NOW, steps.append))
    assert steps == [2, 1]


def test_two_who_add_the_same_sheet_at_once_make_each_order_once(store):
    rows = [[f"O-{i % 7}", f"YT26307007{i:08d}"] for i in range(200)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: fates(store.add(*rows, head=HEAD[:2])), range(4)))
    assert store.one("SELECT count(*) FROM shipments") == (7,)
    assert sum(kinds.count("added") for kinds in found) == store.one("SELECT count(*) FROM parcels")[0] == 200


def test_another_workspaces_parcels_are_not_seen(store, database):
    store.add(FULL)
    other = Store(database, new_workspace(database))
    assert fates(other.add(FULL)) == ["added"]
    assert other.one("SELECT count(*) FROM shipments") == store.one("SELECT count(*) FROM shipments") == (1,)


def test_who_may_not_add_is_refused(store):
    with pytest.raises(NotAllowedError):
        store.add(FULL, author=Actor(store.workspace, "person", 1))


def test_who_is_limited_to_shops_adds_to_them_and_sees_no_others(store):
    store.add(["O-1", A, "mine"], ["O-2", B, "theirs"], head=HEAD[:3])
    (mine,) = store.one("SELECT shop_id FROM shops WHERE name = 'mine'")
    limited = Actor(store.workspace, "person", None, frozenset({Permission.ADD_PARCELS}), (mine,))
    rows = [["O-3", C, "mine"], ["O-2", B, "theirs"], ["O-4", C, "new"], ["O-5", C, ""], ["O-6", B, "mine"]]
    found = store.add(*rows, head=HEAD[:3], author=limited)
    assert fates(found) == ["added", "refused", "refused", "refused", "added"]
    assert [kinds(fate.notes) for fate in found[1:]] == [["not_your_shop"], ["not_your_shop"], ["name_your_shop"], []]
    assert store.all("SELECT name FROM shops ORDER BY name") == [("mine",), ("theirs",)]


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE shipments; --", "<script>alert(1)</script>", "%s%(x)s{0}\\x00\\N", '"],[""']
)
def test_code_in_every_cell_is_kept_as_text(store, text):
    head = ["订单号", "运单号", "店铺", "平台", "物流渠道", "邮编", "SKU", "标签", "备注", text]
    assert fates(store.add([text, A, text, text, text, text, text, text, text, text], head=head)) == ["added"]
    assert store.one("SELECT s.order_reference, h.name, c.name FROM shipments s, shops h, channels c") == (text,) * 3
    assert store.one("SELECT sku FROM shipment_lines") == (text,)
    assert store.opened("remarks.body", store.one("SELECT body FROM remarks")[0]) == text


SMALL = st.tuples(
    st.sampled_from(["", "O-1", "O-2"]),
    st.sampled_from([A, B, C, f"{A},{B}"]),
    st.sampled_from(["", "east", "west"]),
    st.sampled_from(["", "US", "DE"]),
    st.sampled_from(["", "MUG", "CUP"]),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["", "vip"]),
    st.sampled_from(["", "hello", "again"]),
    st.sampled_from(["", "red", "blue"]),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SMALL, min_size=1, max_size=8), st.sampled_from([1, 3, 100]))
def test_any_sheet_twice_changes_nothing_the_second_time(database, rows, batch):
    head = ["订单号", "运单号", "店铺", "国家", "SKU", "数量", "标签", "备注", "颜色"]
    store, usual = Store(database, new_workspace(database)), adding.BATCH
    adding.BATCH = batch
    try:
        store.add(*rows, head=head)
        before = store.everything()
        assert set(fates(store.add(*rows, head=head, now=NOW + timedelta(1)))) == {"unchanged"}
        assert store.everything() == before
    finally:
        adding.BATCH = usual


@given(st.sets(st.integers(0, 2**63 - 1)), st.integers(0, 2**63 - 1))
def test_what_was_seen_earlier_is_known_and_nothing_else(numbers, other):
    earlier = Earlier()
    for number in numbers:
        earlier.add(number)
    assert all(number in earlier for number in numbers)
    assert (other in earlier) == (other in numbers)
