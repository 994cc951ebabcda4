"""From a body to a state: once in effect, whatever comes twice, late or broken."""

import msgspec
import pytest

from everyleg.pipeline import quarantine, unknowns
from everyleg.pipeline.intake import receive
from everyleg.pipeline.journeys import load_journey, raw_answer
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.pipeline.replay import replay
from everyleg.pipeline.verify import verify
from everyleg.pipeline.work import drain

from .acme import CODES, NOW, READING, at, body, carriers, count, event, got, milestones, rows, take, timelines


def sub_statuses(database, workspace):
    return sorted(e.sub_status for t in timelines(database, workspace).values() for e in t.events if not e.withdrawn)


def journey(database, workspace, parcel):
    with database.transaction(workspace) as app:
        return load_journey(app, database.keys, workspace, parcel)


def add(database, workspace, *parcels):
    with database.transaction(workspace) as app:
        return ensure_parcels(app, workspace, [NewParcel(*parcel) for parcel in parcels])


def shipment(database, workspace, **columns):
    names = ", ".join(["workspace_id", *columns])
    marks = ", ".join(["%s"] * (len(columns) + 1))
    with database.transaction(workspace) as app:
        query = f"INSERT INTO shipments ({names}) VALUES ({marks}) RETURNING shipment_id"  # noqa: S608
        return app.execute(query, (workspace, *columns.values())).fetchone()[0]


class TestTakingIn:
    def test_an_answer_becomes_a_parcel_with_its_state_and_a_change(self, database, workspace):
        done = take(database, got(workspace, body(event(-5), event(-1, "OD")), seen=0))
        assert (done.read, done.unchanged, done.states) == (1, 0, 1)
        assert milestones(database, workspace) == ["out_for_delivery"]
        assert count(database, workspace, "statements") == 2
        query = "SELECT before, after ->> 'milestone' FROM changes WHERE workspace_id = %s"
        assert rows(database, query, workspace) == [(None, "out_for_delivery")]
        assert count(database, workspace, "inbox") == 0

    def test_an_answer_equal_to_the_last_is_only_counted(self, database, workspace):
        a, b = body(event(-5)), body(event(-5), event(-1, "OD"))
        take(database, got(workspace, a, 0), got(workspace, a, 1))
        take(database, got(workspace, a, 2))
        assert rows(database, "SELECT times FROM observations WHERE workspace_id = %s", workspace) == [(3,)]
        take(database, got(workspace, b, 3), got(workspace, a, 4))
        query = "SELECT times FROM observations WHERE workspace_id = %s ORDER BY observed_at"
        assert rows(database, query, workspace) == [(3,), (1,), (1,)]
        (timeline,) = timelines(database, workspace).values()
        assert [e.withdrawn for e in timeline.events] == [False, True]  # the second A takes back what only B told

    def test_an_equal_answer_takes_back_what_was_dated_ahead_of_its_first(self, database, workspace):
        a = body(event(-5))
        take(database, got(workspace, body(event(-5), event(2, "OD")), 0), got(workspace, a, 1))
        assert sub_statuses(database, workspace) == ["out_for_delivery", "picked_up"]
        take(database, got(workspace, a, 3))
        assert sub_statuses(database, workspace) == ["picked_up"]

    def test_an_answer_that_says_the_same_in_other_bytes_writes_no_state(self, database, workspace):
        take(database, got(workspace, body(event(-5)), 0))
        done = take(database, got(workspace, body(event(-5)).replace(b"{", b"{ ", 1), 1))
        assert (done.read, done.states) == (1, 0)
        assert rows(database, "SELECT version FROM states WHERE workspace_id = %s", workspace) == [(1,)]

    def test_a_change_is_told_only_when_the_state_changes(self, database, workspace):
        take(database, got(workspace, body(event(-5)), 0))
        take(database, got(workspace, body(event(-6, "??"), event(-5)), 1))
        assert rows(database, "SELECT version FROM states WHERE workspace_id = %s", workspace) == [(2,)]
        assert count(database, workspace, "changes") == 1

    def test_a_late_answer_gives_the_same_as_one_in_time(self, database, workspace, other_workspace):
        early, late = (body(event(-5), event(-3, "OD")), 1), (body(event(-5), event(-1, "DL")), 4)
        take(database, got(workspace, *early))
        take(database, got(workspace, *late))
        take(database, got(other_workspace, *late))
        take(database, got(other_workspace, *early))
        mine, theirs = (list(timelines(database, w).values()) for w in (workspace, other_workspace))
        assert msgspec.json.encode(mine) == msgspec.json.encode(theirs)
        assert [e.withdrawn for e in mine[0].events] == [False, True, False]

    def test_workspaces_do_not_see_each_other(self, database, workspace, other_workspace):
        take(database, got(workspace, body(event(-5)), 0), got(other_workspace, body(event(-1, "DL")), 0))
        assert milestones(database, workspace) == ["picked_up"]
        assert milestones(database, other_workspace) == ["delivered"]
        ((parcel,),) = rows(database, "SELECT parcel_id FROM states WHERE workspace_id = %s", workspace)
        assert journey(database, other_workspace, parcel) is None

    def test_two_answers_about_one_number_in_one_body_are_one_reading(self, database, workspace):
        parcels = [{"no": "AC1", "events": [event(-5)]}, {"no": "AC1", "events": [event(-5), event(-1, "DL")]}]
        take(database, got(workspace, msgspec.json.encode({"parcels": parcels}), 0))
        assert milestones(database, workspace) == ["delivered"]
        assert count(database, workspace, "readings") == 1


class TestQuarantine:
    @pytest.mark.parametrize("content", [b"", b"\x00\xff", b"<html>", b"{}", b"[" * 10_000])
    def test_what_is_not_understood_is_kept_with_its_reason(self, database, workspace, content):
        done = take(database, got(workspace, content))
        assert sum(done.quarantined.values()) == 1
        with database.transaction(workspace) as app:
            (aside,) = quarantine.listed(app, database.keys, workspace)
            assert aside.reason
            assert raw_answer(app, database.keys, workspace, aside.observation_id).body == content
        assert count(database, workspace, "inbox") == 0

    def test_a_carrier_that_nobody_knows_puts_it_aside(self, database, workspace):
        take(database, got(workspace, body(event(-5)), carrier="nobody"))
        with database.transaction(workspace) as app:
            assert [a.kind for a in quarantine.listed(app, database.keys, workspace)] == ["wrong_carrier"]

    def test_without_a_carrier_the_shape_decides_if_only_one_has_it(self, database, workspace):
        only = READING.replace("fits: [parcels]", "fits: [parcels, bolts]")
        take(database, got(workspace, body(event(-5)), carrier=None))  # both read it
        take(database, got(workspace, b'{"strange": 1}', carrier=None), carriers_=carriers(reading=only))
        with database.transaction(workspace) as app:
            reasons = [a.reason for a in quarantine.listed(app, database.keys, workspace)]
        assert "looks like nobody's" in reasons[0]
        assert "one of acme, bolt" in reasons[1]

    def test_a_body_that_breaks_its_batch_is_put_aside_alone(self, database, workspace):
        broken = body(event(-5, code="A\x00B"), no="AC2")  # no text of PostgreSQL holds a NUL
        done = take(database, got(workspace, body(event(-5))), got(workspace, broken, asked=("AC2",)))
        assert dict(done.quarantined) == {"defect": 1}
        assert milestones(database, workspace) == ["picked_up"]
        with database.transaction(workspace) as app:
            assert [a.kind for a in quarantine.listed(app, database.keys, workspace)] == ["defect"]

    def test_a_number_too_long_for_any_index_is_put_aside(self, database, workspace):
        words = "".join(chr(0x4E00 + i * 7919 % 20_000) for i in range(6_000))  # does not compress
        done = take(database, got(workspace, body(event(-5), no=words), asked=()), got(workspace, body(event(-5))))
        assert dict(done.quarantined) == {"defect": 1}
        assert milestones(database, workspace) == ["picked_up"]

    def test_a_body_whose_key_is_gone_stays_and_holds_nobody_up(self, database, workspace):
        receive(database, [got(workspace, body(event(-5)))])
        with database.transaction(None, "worker") as worker:
            worker.execute("UPDATE inbox SET body = '\\x00ff' || substr(body, 3) WHERE workspace_id = %s", (workspace,))
        take(database, got(workspace, body(event(-5), no="AC2"), asked=("AC2",)))
        assert milestones(database, workspace) == ["picked_up"]
        assert rows(database, "SELECT attempts FROM inbox WHERE workspace_id = %s", workspace) == [(3,)]
        with database.transaction(None, "worker") as worker:
            worker.execute("DELETE FROM inbox WHERE workspace_id = %s", (workspace,))

    def test_pages_follow_each_other(self, database, workspace):
        take(database, *(got(workspace, b"%d" % i, asked=(f"AC{i}",)) for i in range(5)))
        with database.transaction(workspace) as app:
            first = quarantine.listed(app, database.keys, workspace, most=3)
            second = quarantine.listed(app, database.keys, workspace, most=3, before=first[-1].observation_id)
        assert [a.asked[0] for a in first + second] == ["AC4", "AC3", "AC2", "AC1", "AC0"]

    def test_a_better_manifest_recovers_it(self, database, workspace):
        worse = carriers(reading=READING.replace("fits: [parcels]", "fits: [nothing]"))
        take(database, got(workspace, body(event(-5))), carriers_=worse)
        assert milestones(database, workspace) == []
        with database.transaction(workspace) as app:
            ids = [a.observation_id for a in quarantine.listed(app, database.keys, workspace)]
        assert quarantine.retry(database, carriers(), workspace, ids) == 1
        assert milestones(database, workspace) == ["picked_up"]
        with database.transaction(workspace) as app:
            assert quarantine.listed(app, database.keys, workspace) == []


class TestReplay:
    def test_a_better_manifest_leaves_no_ghosts(self, database, workspace):
        worse = carriers(reading=READING.replace("at: next", "at: elsewhere"))
        take(database, got(workspace, body(event(-5, "??", "Held"), next="BO1")), carriers_=worse)
        better = carriers(codes=CODES.replace("}", ', "??": import_customs_held}'))
        replay(database, better, workspace=workspace)
        assert sub_statuses(database, workspace) == ["import_customs_held"]
        assert count(database, workspace, "statements") == 1
        (timeline,) = timelines(database, workspace).values()
        assert [n.tracking_number for n in timeline.numbers] == ["AC1", "BO1"]
        assert verify(database, workspace) == []

    def test_what_a_better_manifest_knows_is_no_longer_unknown(self, database, workspace):
        take(database, got(workspace, body(event(-5, "??"), event(-4, "!!"))))
        replay(database, carriers(codes=CODES.replace("}", ', "??": import_customs_held}')), workspace=workspace)
        with database.transaction(workspace) as app:
            assert [u.value for u in unknowns.listed(app, database.keys, workspace)] == ["!!"]

    def test_an_erased_answer_keeps_what_it_told(self, database, workspace):
        take(database, got(workspace, body(event(-5))))
        with database.transaction(None, "worker") as worker:
            worker.execute("UPDATE observations SET body = NULL WHERE workspace_id = %s", (workspace,))
        replay(database, carriers(), workspace=workspace)
        assert milestones(database, workspace) == ["picked_up"]

    def test_verify_finds_a_state_that_is_not_what_was_told(self, database, workspace):
        take(database, got(workspace, body(event(-5))))
        with database.transaction(workspace) as app:
            app.execute("UPDATE states SET milestone = 'delivered' WHERE workspace_id = %s", (workspace,))
            app.execute("UPDATE statements SET sub_status = 'delivered' WHERE workspace_id = %s", (workspace,))
        assert {(d.what, d.detail.split()[0]) for d in verify(database, workspace)} >= {("timeline", "differs")}


class TestTeaching:
    def test_an_unknown_code_is_counted_taught_and_forgotten(self, database, workspace, other_workspace):
        for one in (workspace, other_workspace):
            take(database, got(one, body(event(-5, "??"), event(-4, "??"))))
        with database.transaction(workspace) as app:
            (unknown,) = unknowns.listed(app, database.keys, workspace)
        assert (unknown.carrier, unknown.kind, unknown.value, unknown.times) == ("acme", "code", "??", 2)
        keys = rows(database, "SELECT key FROM statements WHERE workspace_id = %s ORDER BY key", workspace)
        word = unknowns.Word(workspace, "acme", "code", "??")
        assert unknowns.teach(database, carriers(), word, "out_for_delivery", None, NOW) == 1
        assert milestones(database, workspace) == ["out_for_delivery"]
        assert milestones(database, other_workspace) == ["pending"]
        assert rows(database, "SELECT key FROM statements WHERE workspace_id = %s ORDER BY key", workspace) == keys
        take(database, got(workspace, body(event(-3, "??"), no="AC2"), asked=("AC2",)))
        assert milestones(database, workspace) == ["out_for_delivery"] * 2
        assert unknowns.forget(database, carriers(), word) == 2
        assert milestones(database, workspace) == ["pending"] * 2
        assert verify(database, workspace) == []

    def test_a_text_without_a_code_is_taught_too(self, database, workspace):
        take(database, got(workspace, body(event(-5, None, "Zzyzx"))))
        word = unknowns.Word(workspace, "acme", "text", "Zzyzx")
        unknowns.teach(database, carriers(), word, "delivered", None, NOW)
        assert milestones(database, workspace) == ["delivered"]

    def test_what_the_vocabulary_lacks_cannot_be_taught(self, database, workspace):
        with pytest.raises(ValueError, match="no such sub-status"):
            unknowns.teach(database, carriers(), unknowns.Word(workspace, "acme", "code", "x"), "beamed_up", None, NOW)


class TestParcels:
    def test_a_number_is_one_parcel_however_often_it_is_added(self, database, workspace):
        one, two, three = add(database, workspace, ("acme", "AC1"), ("acme", "AC1"), ("acme", "AC2"))
        (again,) = add(database, workspace, ("acme", "AC1"))
        assert (one.made, two.made, three.made, again.made) == (True, False, True, False)
        assert one.parcel_id == two.parcel_id == again.parcel_id != three.parcel_id
        assert milestones(database, workspace) == ["pending", "pending"]

    def test_an_answer_is_about_the_parcel_that_was_added(self, database, workspace):
        (added,) = add(database, workspace, ("acme", "AC1"))
        take(database, got(workspace, body(event(-5))))
        assert list(timelines(database, workspace)) == [added.parcel_id]

    def test_a_number_without_a_carrier_is_the_one_of_the_first_that_answers(self, database, workspace):
        (added,) = add(database, workspace, ("", "AC1"))
        take(database, got(workspace, body(event(-5))))
        assert list(timelines(database, workspace)) == [added.parcel_id]
        assert [e.made for e in add(database, workspace, ("", "AC1"), ("acme", "AC1"))] == [False, False]

    def test_a_parcel_known_from_an_answer_gets_its_shipment_and_its_facts(self, database, workspace):
        take(database, got(workspace, body(event(-5), event(-1, "DL", country="US"))))
        order = shipment(database, workspace, destination_country="FR", promised_by=at(50))
        (added,) = add(database, workspace, ("acme", "AC1", order))
        assert not added.made
        drain(database, carriers())
        found = journey(database, workspace, added.parcel_id)
        assert (found.shipment_id, found.facts.destination, found.facts.promised_by) == (order, "FR", at(50))
        assert verify(database, workspace) == []

    def test_the_same_number_in_two_orders_is_two_parcels_and_its_lives_are_told_apart(self, database, workspace):
        first, second = shipment(database, workspace), shipment(database, workspace)
        take(database, got(workspace, body(event(-3000, "PU"), event(-2900, "DL"))))
        (old,) = add(database, workspace, ("acme", "AC1", first))
        (new,) = add(database, workspace, ("acme", "AC1", second))
        drain(database, carriers())
        assert (old.made, new.made) == (False, True)
        assert milestones(database, workspace) == ["delivered", "pending"]
        take(database, got(workspace, body(event(-3000, "PU"), event(-2900, "DL"), event(-5, "PU")), 1))
        found = timelines(database, workspace)
        assert (found[old.parcel_id].milestone, found[new.parcel_id].milestone) == ("delivered", "picked_up")


class TestJoining:
    def test_an_alias_joins_two_parcels_and_the_one_with_a_shipment_stays(self, database, workspace):
        (bolt,) = add(database, workspace, ("bolt", "BO1"))
        (acme,) = add(database, workspace, ("acme", "AC1", shipment(database, workspace)))
        take(database, got(workspace, body(event(-1, "DL"), no="BO1"), 0, "bolt", ("BO1",)))
        take(database, got(workspace, body(event(-5), next="BO1"), 1))
        assert list(timelines(database, workspace)) == [acme.parcel_id]
        found = journey(database, workspace, bolt.parcel_id)
        assert found.parcel_id == acme.parcel_id
        assert found.timeline.milestone == "delivered"
        assert [c.tracking_number for c in found.checks] == ["AC1", "BO1"]
        assert verify(database, workspace) == []

    def test_an_alias_without_a_carrier_joins_a_number_that_comes_later(self, database, workspace):
        take(database, got(workspace, body(event(-5), somewhere="BO1"), 0))
        assert len(timelines(database, workspace)) == 1
        take(database, got(workspace, body(event(-1, "DL"), no="BO1"), 1, "bolt", ("BO1",)))
        assert milestones(database, workspace) == ["delivered"]

    def test_a_mentioned_number_that_somebody_adds_joins(self, database, workspace):
        take(database, got(workspace, body(event(-5), somewhere="BO1"), 0))
        add(database, workspace, ("bolt", "BO1"))
        drain(database, carriers())
        (timeline,) = timelines(database, workspace).values()
        assert [n.tracking_number for n in timeline.numbers] == ["AC1", "BO1"]

    def test_a_link_taken_back_parts_them_again(self, database, workspace):
        from everyleg.pipeline.parcels import fold_soon

        take(database, got(workspace, body(event(-1, "DL"), no="BO1"), 0, "bolt", ("BO1",)))
        take(database, got(workspace, body(event(-5)), 0))
        before = timelines(database, workspace)
        take(database, got(workspace, body(event(-5), next="BO1"), 1))
        assert len(timelines(database, workspace)) == 1
        with database.transaction(workspace) as app:
            app.execute("UPDATE links SET withdrawn_at = now() WHERE workspace_id = %s", (workspace,))
            ids = [row[0] for row in app.execute("SELECT number_id FROM numbers WHERE workspace_id = %s", (workspace,))]
            fold_soon(app, workspace, ids)
        drain(database, carriers())
        after = timelines(database, workspace)
        assert {p: t.milestone for p, t in after.items()} == {p: t.milestone for p, t in before.items()}
        assert verify(database, workspace) == []

    def test_a_replacement_is_another_parcel_and_each_knows_the_other(self, database, workspace):
        take(
            database,
            got(workspace, body(event(-5), instead="AC2")),
            got(workspace, body(event(-1), no="AC2"), asked=["AC2"]),
        )
        (old, new) = sorted(timelines(database, workspace))
        old_one = journey(database, workspace, old)
        if [n.tracking_number for n in old_one.timeline.numbers] == ["AC2"]:
            old, new = new, old
        assert [(r.tracking_number, r.parcel_id) for r in journey(database, workspace, old).replaced_by] == [
            ("AC2", new)
        ]
        assert [(r.tracking_number, r.parcel_id) for r in journey(database, workspace, new).replaces] == [("AC1", old)]


class TestJourney:
    def test_each_event_leads_to_the_answers_that_tell_it(self, database, workspace):
        first, second = body(event(-5)), body(event(-5), event(-1, "OD"))
        take(database, got(workspace, first, 0), got(workspace, second, 2, source="file"))
        ((parcel, _),) = timelines(database, workspace).items()
        found = journey(database, workspace, parcel)
        with database.transaction(workspace) as app:
            for told in found.timeline.events:
                for witness in found.witnesses[told.key]:
                    answer = raw_answer(app, database.keys, workspace, witness.observation_id)
                    assert told.code.encode() in answer.body
        assert [len(found.witnesses[e.key]) for e in found.timeline.events] == [2, 1]
        assert found.timeline.events[-1].observed_at == at(2)

    def test_the_age_of_each_number_s_news_is_said(self, database, workspace):
        take(database, got(workspace, body(event(-5)), 0))
        ((parcel, _),) = timelines(database, workspace).items()
        (check,) = journey(database, workspace, parcel).checks
        assert (check.checked_at, check.outcome, check.spoke_at) == (at(0), "news", at(-5))
        take(database, got(workspace, body(event(-5)), 1))
        assert journey(database, workspace, parcel).checks[0].outcome == "nothing_new"
        take(database, got(workspace, b"<html>", 2))
        (check,) = journey(database, workspace, parcel).checks
        assert (check.checked_at, check.outcome) == (at(2), "failed")
        assert check.failed_detail
        assert check.spoke_at == at(-5)

    def test_a_parcel_of_which_nothing_was_told_is_pending(self, database, workspace):
        (added,) = add(database, workspace, ("acme", "AC1"))
        found = journey(database, workspace, added.parcel_id)
        assert (found.timeline.milestone, found.timeline.events) == ("pending", [])
        assert [c.checked_at for c in found.checks] == [None]
