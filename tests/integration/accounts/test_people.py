"""Who is in a workspace: the first owner, invitations, roles; nobody gives more than they have."""

import threading

import pytest

from everyleg.accounts import invitations, people, sessions, workspaces
from everyleg.accounts.actors import command_line
from everyleg.accounts.errors import (
    AccountsError,
    BadPasswordError,
    GoneError,
    LastOwnerError,
    NotAllowedError,
    TakenError,
    UnknownError,
)
from everyleg.accounts.invitations import LASTS, Offer
from everyleg.accounts.people import NewPerson, Place
from everyleg.accounts.sessions import Client
from everyleg.store.db import Database
from everyleg.store.migrations import migrate
from everyleg.store.sealing import Keyring

from .conftest import HASHER, NOW, PASSWORD, an_address

HOME = Client("192.0.2.7")


@pytest.fixture
def fresh(empty):
    """A database just made."""
    migrate(empty)
    with Database(empty, Keyring({1: bytes(32)}, b"look up")) as opened:
        yield opened


def newcomer(email=None, password=PASSWORD):
    return NewPerson(email or an_address(), "Wang Wei", password, "zh")


def invite(team, actor, offer, now=NOW):
    with team.database.transaction(team.workspace) as app:
        return invitations.make(app, team.database.keys, actor, offer, now)


def accept(team, token, new=None, now=NOW):
    return invitations.accept(team.database, HASHER, token, new or newcomer(), now, HOME)


def test_a_fresh_install_has_one_workspace_and_waits_for_its_owner(fresh):
    workspace = workspaces.default(fresh)
    assert workspaces.default(fresh) == workspace
    assert workspaces.first_run(fresh)
    people.make_owner(fresh, HASHER, workspace, newcomer(), only_first=True)
    assert not workspaces.first_run(fresh)


def test_the_first_owner_is_made_once_whoever_is_as_quick(fresh):
    workspace, refused = workspaces.default(fresh), []

    def make():
        try:
            people.make_owner(fresh, HASHER, workspace, newcomer(), only_first=True)
        except TakenError as error:
            refused.append(error)

    both = [threading.Thread(target=make) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(refused) == 1


def test_a_workspace_is_found_by_its_slug_and_there_is_one_of_each(fresh):
    first = workspaces.create(fresh, "north", "North", "carrier", "zh")
    assert workspaces.named(fresh, None).workspace_id == first
    workspaces.create(fresh, "south", "South")
    assert workspaces.named(fresh, "south").name == "South"
    with pytest.raises(UnknownError, match="north, south"):
        workspaces.named(fresh, None)
    with pytest.raises(TakenError):
        workspaces.create(fresh, "north", "Again")


def test_an_owner_who_lost_everything_gets_back_in(database, team):
    person = team.add("analyst", shop_ids=(1,))
    old = team.sign_in(person).token
    again = people.make_owner(database, HASHER, team.workspace, newcomer(person.email, "a quite different one"))
    assert again == person.person_id
    assert sessions.who(database, old, NOW) is None
    restored = team.sign_in(person, words="a quite different one").person
    assert (restored.role, restored.shop_ids) == ("owner", None)


def test_an_invitation_makes_one_person_with_what_was_offered(database, team):
    shop = team.shop("Berlin")
    invited = invite(team, team.add("owner").actor(), Offer("service", (shop,)))
    signed_in = accept(team, invited.token)
    assert (signed_in.person.role, signed_in.person.shop_ids) == ("service", (shop,))
    assert sessions.who(database, signed_in.token, NOW).person_id == signed_in.person.person_id
    with pytest.raises(GoneError):
        accept(team, invited.token)


def test_an_invitation_can_be_accepted_for_a_week(team):
    invited = invite(team, team.add("owner").actor(), Offer("analyst"))
    assert invitations.look(team.database, invited.token, NOW + LASTS) is None
    with pytest.raises(GoneError):
        accept(team, invited.token, now=NOW + LASTS)


def test_two_who_accept_at_the_same_time_are_not_both_let_in(team):
    token, came = invite(team, team.add("owner").actor(), Offer("analyst")).token, []

    def come():
        try:
            came.append(accept(team, token))
        except GoneError:
            came.append(None)

    both = [threading.Thread(target=come) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(one is None for one in came) == [False, True]


def test_an_invitation_for_an_address_is_no_use_to_another(team):
    address = an_address()
    invited = invite(team, team.add("owner").actor(), Offer("analyst", email=address))
    with pytest.raises(NotAllowedError, match="another address"):
        accept(team, invited.token)
    assert accept(team, invited.token, newcomer(address.upper())).person.email == address.upper()


def test_an_invitation_taken_back_leads_nowhere(team):
    owner = team.add("owner").actor()
    invited = invite(team, owner, Offer("analyst"))
    with team.database.transaction(team.workspace) as app:
        assert [i.offer.role for i in invitations.listed(app, team.database.keys, team.workspace, NOW)] == ["analyst"]
        invitations.withdraw(app, team.database.keys, owner, invited.invitation.invitation_id)
        assert invitations.listed(app, team.database.keys, team.workspace, NOW) == []
    with pytest.raises(GoneError):
        accept(team, invited.token)


def test_who_has_an_account_elsewhere_proves_it(team, other_workspace):
    elsewhere = team.add(workspace=other_workspace)
    invited = invite(team, team.add("owner").actor(), Offer("analyst"))
    with pytest.raises(BadPasswordError, match="account already"):
        accept(team, invited.token, newcomer(elsewhere.email, "somebody else's guess"))
    assert accept(team, invited.token, newcomer(elsewhere.email)).person.workspace == team.workspace


def test_an_address_has_one_account_in_a_workspace(team):
    invited = invite(team, team.add("owner").actor(), Offer("owner"))
    with pytest.raises(TakenError):
        accept(team, invited.token, newcomer(team.add().email))
    assert invitations.look(team.database, invited.token, NOW) is not None


@pytest.mark.parametrize(("role", "offered"), [("manager", "owner"), ("operator", "analyst"), ("analyst", "analyst")])
def test_nobody_invites_to_more_than_they_have(team, role, offered):
    with pytest.raises(NotAllowedError):
        invite(team, team.add(role).actor(), Offer(offered))


def test_who_is_limited_to_shops_invites_to_those(team):
    mine, other = team.shop("Berlin"), team.shop("Paris")
    actor = team.add("manager", (mine,)).actor()
    assert invite(team, actor, Offer("operator", (mine,)))
    for shop_ids in ((mine, other), None):
        with pytest.raises(NotAllowedError):
            invite(team, actor, Offer("operator", shop_ids))


def test_a_shop_of_nobody_is_not_offered(team):
    with pytest.raises(UnknownError):
        invite(team, team.add("owner").actor(), Offer("operator", (999_999,)))


def act(team, what, actor, *args):
    with team.database.transaction(team.workspace) as app:
        what(app, team.database.keys, actor, *args)


def test_a_manager_changes_an_operator_but_no_owner(team):
    manager, owner, operator = team.add("manager").actor(), team.add("owner"), team.add()
    act(team, people.change, manager, operator.person_id, Place(team.workspace, "analyst"))
    assert team.person(operator.person_id).role == "analyst"
    for what, *args in ((people.disable, owner.person_id, NOW), (people.enable, owner.person_id)):
        with pytest.raises(NotAllowedError):
            act(team, what, manager, *args)
    with pytest.raises(NotAllowedError):
        act(team, people.change, manager, operator.person_id, Place(team.workspace, "owner"))
    assert team.person(owner.person_id).disabled_at is None


def test_an_operator_manages_nobody(team):
    with pytest.raises(NotAllowedError):
        act(team, people.disable, team.add().actor(), team.add("analyst").person_id, NOW)


def test_the_last_owner_can_neither_go_nor_step_down(team):
    owner = team.add("owner")
    for what, *args in ((people.disable, NOW), (people.change, Place(team.workspace, "manager"))):
        with pytest.raises(LastOwnerError):
            act(team, what, owner.actor(), owner.person_id, *args)
    team.add("owner")
    act(team, people.change, owner.actor(), owner.person_id, Place(team.workspace, "manager"))
    assert team.person(owner.person_id).role == "manager"


def test_two_owners_who_shut_each_other_out_at_once_do_not_both_succeed(database, team):
    one, two = team.add("owner"), team.add("owner")
    refused, ready = [], threading.Barrier(2, timeout=10)

    def shut_out(actor, person):
        try:
            with database.transaction(team.workspace) as app:
                app.execute("SELECT 1")
                ready.wait()
                people.disable(app, database.keys, actor, person.person_id, NOW)
        except AccountsError as error:
            refused.append(type(error))

    both = [threading.Thread(target=shut_out, args=(a.actor(), b)) for a, b in ((one, two), (two, one))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert refused == [LastOwnerError]


def test_people_are_listed_by_name_in_the_order_of_coming(database, team):
    first, second = team.add("owner"), team.add("analyst")
    with database.transaction(team.workspace) as app:
        people.disable(app, database.keys, command_line(team.workspace), second.person_id, NOW)
        listed = people.listed(app, database.keys, team.workspace)
        assert people.find(app, database.keys, team.workspace, first.email.upper()).person_id == first.person_id
        with pytest.raises(UnknownError):
            people.find(app, database.keys, team.workspace, an_address())
    assert [(p.name, p.role, p.disabled_at) for p in listed] == [("Li Na", "owner", None), ("Li Na", "analyst", NOW)]


def test_an_owner_keeps_their_name_when_only_the_password_is_new(database, team):
    person = team.add("owner")
    people.make_owner(database, HASHER, team.workspace, NewPerson(person.email, "", "a quite different one"))
    assert team.person(person.person_id).name == "Li Na"


def test_whatever_is_typed_as_a_name_is_kept_as_one_line(database, team):
    new = NewPerson(an_address(), "  Li\x00\r\nNa<script>'; --  ", PASSWORD)
    person_id = people.make_owner(database, HASHER, team.workspace, new)
    assert team.person(person_id).name == "Li Na<script>'; --"
