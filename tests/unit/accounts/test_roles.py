"""Who may do what: the table, read as a specification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.accounts.actors import Actor
from everyleg.accounts.errors import NotAllowedError
from everyleg.accounts.keys import SCOPES
from everyleg.accounts.roles import NAMES, PERMISSIONS, ROLES, Permission, may, may_give, within

P = Permission
roles = st.sampled_from(ROLES)
shops = st.none() | st.sets(st.integers(1, 5)).map(tuple)


def test_an_owner_may_do_everything():
    assert PERMISSIONS["owner"] == set(Permission)


def test_a_manager_may_do_all_but_erase():
    assert PERMISSIONS["owner"] - PERMISSIONS["manager"] == {P.ERASE}


def test_an_operator_works_with_parcels_and_manages_nothing():
    assert PERMISSIONS["operator"] == {
        P.VIEW_PARCELS, P.SEE_PERSONAL, P.SEE_RAW, P.ADD_PARCELS, P.REMARK, P.SHARE, P.CORRECT, P.TEACH, P.EXPORT,
        P.VIEW_REPORTS,
    }  # fmt: skip


def test_customer_service_answers_buyers_and_changes_no_parcel():
    assert PERMISSIONS["service"] == {P.VIEW_PARCELS, P.SEE_PERSONAL, P.REMARK, P.SHARE}


def test_an_analyst_sees_figures_and_nobody():
    assert PERMISSIONS["analyst"] == {P.VIEW_PARCELS, P.EXPORT, P.VIEW_REPORTS}
    assert not may("analyst", P.SEE_PERSONAL)
    assert not may("analyst", P.SEE_RAW)


@given(role=roles)
def test_who_sees_raw_answers_sees_personal_data_anyway(role):
    assert not may(role, P.SEE_RAW) or may(role, P.SEE_PERSONAL)


@given(role=roles)
def test_every_role_has_a_name_in_both_languages_and_sees_parcels(role):
    assert NAMES[role].en and NAMES[role].zh
    assert may(role, P.VIEW_PARCELS)


@given(giver=roles, given_=roles)
def test_nobody_gives_a_role_that_may_do_what_they_may_not(giver, given_):
    assert may_give(PERMISSIONS[giver], given_) == all(may(giver, p) for p in PERMISSIONS[given_])


@given(mine=shops, theirs=shops)
def test_any_limits_hold_whoever_is_given_less_or_as_much(mine, theirs):
    everything = {1, 2, 3, 4, 5, 6}
    seen = everything if theirs is None else set(theirs)
    assert within(theirs, mine) == (seen <= (everything if mine is None else set(mine)))


@pytest.mark.parametrize(
    ("role", "shop_ids", "gives", "to_shops"),
    [("manager", None, "owner", None), ("operator", None, "analyst", None), ("manager", (1, 2), "operator", (2, 3)),
     ("manager", (1,), "analyst", None)],
)  # fmt: skip
def test_more_than_one_has_is_refused(role, shop_ids, gives, to_shops):
    actor = Actor(1, "person", 1, PERMISSIONS[role], shop_ids)
    with pytest.raises(NotAllowedError):
        actor.require_over(gives, to_shops)


def test_no_scope_of_an_api_key_manages_people_keys_or_settings():
    given_to_keys = frozenset().union(*SCOPES.values())
    assert not given_to_keys & {P.MANAGE_PEOPLE, P.MANAGE_KEYS, P.SETTINGS, P.SEE_AUDIT, P.ERASE}


def test_reading_alone_shows_nobody():
    assert not SCOPES["read"] & {P.SEE_PERSONAL, P.SEE_RAW}
