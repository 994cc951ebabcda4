"""What a truth says is so: checked against what really happened and what was published, for every parcel of a world."""

from collections import defaultdict
from itertools import pairwise

import pytest
from tests.unit.lab.worlds import some

from everyleg.core.vocabulary import STATUSES
from everyleg.lab.world.truths import truths

RELEASED = ("export_customs_released", "import_customs_released")


def spells(problem):
    found = [
        (made, spell) for seed in (1, 2) for made in some(seed)[1] for spell in made.truths if spell.problem == problem
    ]
    assert len(found) >= 5, f"no {problem} to look at"
    return found


def inside(spell, t):
    return spell.since < t and (spell.until is None or t < spell.until)


def test_while_customs_holds_a_parcel_it_is_not_released():
    for made, spell in spells("customs_hold"):
        assert not [s for s in made.trip.scans if s.step in RELEASED and inside(spell, s.t)]


def test_a_hold_that_ends_ends_with_the_release_or_the_seizure():
    for made, spell in spells("customs_hold"):
        ends = [s for s in made.trip.scans if s.step in (*RELEASED, "import_customs_seized") and s.t >= spell.until]
        assert ends[0].t == pytest.approx(spell.until, abs=1)


def test_a_parcel_is_late_if_and_only_if_it_is_under_way_past_its_promise():
    for seed in (1, 2):
        for made in some(seed)[1]:
            due, ended = made.trip.order.promised_by, made.trip.ended
            late = [(spell.since, spell.until) for spell in made.truths if spell.problem == "late"]
            assert late == ([(due, ended)] if ended is None or ended > due else [])


def test_what_is_lost_is_never_delivered_and_the_loss_never_ends():
    for made, spell in spells("lost"):
        assert spell.until is None
        assert not [s for s in made.trip.scans if s.leg and STATUSES[s.step].milestone == "delivered"]
        assert all(s.t <= spell.since or s.step == "lost" for s in made.trip.scans)


def test_what_is_lost_without_a_word_is_silent_too():
    for made, _ in spells("lost"):
        released = any(one.step == "handed_to_last_mile" for one in made.told)
        assert released or any(spell.problem == "silence" for spell in made.truths)


def test_what_is_not_dispatched_is_scanned_by_nobody_until_it_is():
    for made, spell in spells("not_dispatched"):
        assert spell.since == made.trip.order.ship_by
        assert not [s for s in made.trip.scans if s.step != "order_created" and s.t < spell.until]


def test_a_lost_hand_off_lies_between_release_and_acceptance():
    for made, spell in spells("lost_handoff"):
        assert [s for s in made.trip.scans if s.step in ("handed_to_last_mile", *RELEASED) and s.t <= spell.since]
        assert not [s for s in made.trip.scans if STATUSES[s.step].stage == "last_mile" and s.leg == len(made.numbers) - 1
                    and s.step != "handed_to_last_mile" and inside(spell, s.t)]  # fmt: skip


def test_a_return_runs_from_the_decision_until_the_sender_has_it():
    for made, spell in spells("returning"):
        steps = {s.step: s.t for s in made.trip.scans}
        assert (spell.since, spell.until) == (steps["returning"], steps["returned"])
        assert made.trip.end == "returned"


def test_an_address_problem_begins_when_it_is_found_and_ends_before_the_next_round():
    for made, spell in spells("address_problem"):
        assert spell.since in [s.t for s in made.trip.scans if s.step == "address_problem"]
        assert not [s for s in made.trip.scans if s.step == "out_for_delivery" and inside(spell, s.t)]


def test_nothing_becomes_visible_during_a_silence():
    for made, spell in spells("silence"):
        assert not [one for one in made.told if inside(spell, one.shown)]


def test_a_silence_lasts_as_long_as_the_tables_ask():
    least = some()[0].nature.tables.problems.truths.silence_least_h * 3600
    assert all(spell.until is None or spell.until - spell.since >= least for _, spell in spells("silence"))


def test_a_standstill_that_its_carrier_tells_of_is_no_silence():
    """Without what is shown, the same way is silent more often."""
    here, parcels = some()
    hidden = 0
    for made in (made for made in parcels if made.trip.stalls):
        shown = {step for stall in made.trip.stalls for step in stall.shown_by}
        less = [one for one in made.told if one.step not in shown]
        hidden += len(truths(here.nature, made.trip, less)) - len(made.truths)
    assert hidden > 10


def test_one_problem_is_never_real_twice_at_one_time():
    for made in some()[1]:
        by_problem = defaultdict(list)
        for spell in made.truths:
            by_problem[spell.problem].append(spell)
        for same in by_problem.values():
            assert all(one.until is not None and one.until < other.since for one, other in pairwise(same))


def test_a_truth_lies_within_the_life_of_its_parcel_and_ends_after_it_begins():
    for made in some()[1]:
        for spell in made.truths:
            assert spell.since >= made.trip.order.created
            assert spell.until is None or spell.until > spell.since


def test_a_held_consignment_holds_all_that_is_in_it():
    cohorts = defaultdict(list)
    for made in some()[1]:
        cohorts[made.trip.cohort].append(made)
    held = {
        spell.cause
        for made in some()[1]
        for spell in made.trip.spells
        if (spell.cause or "").startswith("consignment:")
    }
    assert held
    for cause in held:
        there = [
            made
            for made in cohorts[cause.partition(":")[2]]
            if not (made.trip.end == "lost" and made.trip.scans[-1].step != "lost")
        ]
        reached = [made for made in there if any(s.step == "import_customs_held" for s in made.trip.scans)]
        assert reached
        assert all(cause in {spell.cause for spell in made.trip.spells} for made in reached)


@pytest.mark.parametrize(
    ("problem", "least", "most"),
    [("customs_hold", 0.015, 0.2), ("lost_handoff", 0.008, 0.03), ("silence", 0.02, 0.12), ("returning", 0.01, 0.03),
     ("address_problem", 0.01, 0.03), ("late", 0.05, 0.16), ("not_dispatched", 0.015, 0.09), ("damaged", 0.001, 0.01),
     ("lost", 0.003, 0.018)],
)  # fmt: skip
def test_problems_are_about_as_common_as_documented(problem, least, most):
    parcels = [made for seed in (1, 2) for made in some(seed)[1]]
    share = sum(any(spell.problem == problem for spell in made.truths) for made in parcels) / len(parcels)
    assert least < share < most


@pytest.mark.parametrize("problem", ["customs_hold", "silence", "not_dispatched", "late", "lost_handoff"])
def test_some_truths_share_their_cause(problem):
    causes = defaultdict(set)
    for made, spell in spells(problem):
        causes[spell.cause].add(made.trip.order.index)
    assert None in causes
    assert max(len(parcels) for cause, parcels in causes.items() if cause) > 1


def test_what_waits_at_the_seller_is_not_silent():
    for made, spell in spells("not_dispatched"):
        silent = [other for other in made.truths if other.problem == "silence"]
        assert all(other.since >= (spell.until or 0) for other in silent)
