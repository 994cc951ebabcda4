"""The pages of sources, coverage and keys, and how fresh a parcel's page says it is."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import get_args

import httpx
import pytest

from everyleg.accounts import keys, people, sessions, sources
from everyleg.accounts.actors import command_line
from everyleg.accounts.people import NewPerson, Place
from everyleg.accounts.sessions import Client
from everyleg.app.plugins import registry
from everyleg.core.model import Reason
from everyleg.pipeline.outcomes import record_failure
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.planner.policy.views import Why
from everyleg.planner.routing.money import spend
from everyleg.ports.asking import Account
from everyleg.store import due
from everyleg.web.app import make_app
from everyleg.web.services import Services
from everyleg.web.words import catalogue
from tests.factories.api import serving
from tests.factories.site import NOW, journey

SHEET = "运单号,国家\n9400111899223197428490,US\n9400111899223197428506,US\n1Z999AA10123456784,US\n"
SECRET = "s3cret-value"  # noqa: S105


def listed(database, workspace):
    with database.transaction(workspace) as app:
        return sources.listed(app, database.keys, workspace)


def usps(database, workspace, **settings):
    settings = settings or {"client_id": "me", "client_secret": SECRET}
    with database.transaction(workspace) as app:
        return sources.add(app, database.keys, command_line(workspace), "usps", "main", settings)


# --- sources --------------------------------------------------------------------------------------------------------


def test_an_account_is_added_and_its_secret_is_never_shown(owner, database, workspace):
    form = {"setting-client_id": "me", "setting-client_secret": SECRET, "source": "usps", "name": "Main shop"}
    page = owner.send_form("/sources?add=usps", "/sources", **form)
    (account,) = listed(database, workspace)
    assert (account.source, account.name, account.settings) == ("usps", "Main shop", ("client_id", "client_secret"))
    assert "Main shop" in page.text
    assert SECRET not in page.text + owner.get("/sources").text


def test_an_account_without_what_its_source_wants_is_not_added(owner, database, workspace):
    page = owner.send_form("/sources?add=usps", "/sources", **{"setting-client_secret": SECRET}, source="usps")
    assert (page.status_code, "client_id" in page.text, SECRET in page.text) == (422, True, False)
    assert listed(database, workspace) == []


@pytest.mark.parametrize("source", ["", "no such carrier", "air-waybill", "../usps"])
def test_a_source_that_nobody_can_ask_is_refused(owner, database, workspace, source):
    assert owner.send_form("/sources?add=usps", "/sources", source=source).status_code == 422
    assert listed(database, workspace) == []


def test_a_second_account_of_one_name_is_refused(owner, database, workspace):
    usps(database, workspace)
    form = {"setting-client_id": "me", "setting-client_secret": SECRET, "source": "usps", "name": "main"}
    assert "There is an account of that name" in owner.send_form("/sources?add=usps", "/sources", **form).text
    assert len(listed(database, workspace)) == 1


def test_pausing_resuming_and_removing(owner, database, workspace):
    account = usps(database, workspace)
    page = owner.send_form("/sources", f"/sources/{account}", deed="pause")
    assert "paused" in page.text
    assert listed(database, workspace)[0].paused_at == NOW
    owner.send_form("/sources", f"/sources/{account}", deed="resume")
    assert listed(database, workspace)[0].paused_at is None
    owner.send_form("/sources", f"/sources/{account}", deed="remove")
    assert listed(database, workspace) == []


def test_what_is_left_blank_stays(owner, database, workspace):
    account = usps(database, workspace)
    owner.send_form("/sources", f"/sources/{account}", deed="save", daily_budget="500", per_hour="")
    (found,) = listed(database, workspace)
    assert (found.settings, found.limit.daily_budget, found.limit.per_hour) == (
        ("client_id", "client_secret"),
        500,
        None,
    )


@pytest.mark.parametrize("limit", ["-1", "many", "1.5", "99999999999999999999"])
def test_a_limit_that_is_none_is_refused(owner, database, workspace, limit):
    account = usps(database, workspace)
    assert owner.send_form("/sources", f"/sources/{account}", deed="save", daily_budget=limit).status_code == 422
    assert listed(database, workspace)[0].limit.daily_budget is None


def test_an_account_says_how_it_is_doing_and_what_it_lacks(owner, database, workspace):
    account = usps(database, workspace, client_id="me")
    with database.transaction(None, "worker") as worker:
        worker.execute(
            "INSERT INTO source_health (workspace_id, account_id, failures, failed_kind, retry_at)"
            " VALUES (%s, %s, 3, 'refused', %s)",
            (workspace, account, NOW + timedelta(minutes=20)),
        )
    body = owner.get("/sources").text
    assert "gets no answers" in body
    assert "refused, 3 times in a row" in body
    assert "missing: client_secret" in body


def aggregator(database, workspace, **settings):
    with database.transaction(workspace) as app:
        wanted = {"api_key": SECRET, "price": "0.03", "monthly_cap": "30", **settings}
        return sources.add(app, database.keys, command_line(workspace), "17track", "main", wanted)


def spent(database, workspace, account, what, times, paid):
    with database.transaction(None, "worker") as worker:
        spend(worker, Account(account, workspace, "17track"), what, times, Decimal(paid), NOW)


def words(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def test_an_accounts_month_is_shown_beside_its_cap(owner, database, workspace):
    account = aggregator(database, workspace)
    spent(database, workspace, account, "registration", 400, "12")
    spent(database, workspace, account, "saved", 100, "3")
    said = words(owner.get("/sources"))
    assert "November 2026 · 400 calls went out. 12 was spent; 3 was saved" in said
    assert "Calls 400 Spent 12 of 30 a month Saved 3 100 questions that a push made needless" in said
    assert "News told after not measured yet" in said


def test_a_month_whose_budget_is_used_up_says_so(owner, database, workspace):
    spent(database, workspace, aggregator(database, workspace), "call", 1000, "30")
    assert "the month’s budget is used up" in owner.get("/sources").text


def test_what_carriers_told_themselves_is_counted_and_measured(owner, database, workspace):
    usps(database, workspace)
    journey(database, workspace)
    said = words(owner.get("/sources"))
    assert "Saved one number not paid for" in said
    assert "of one number" in said
    assert "2 more told without an account here" in said
    assert "YunExpress without an account" in said


def test_parcels_of_which_two_sources_tell_different_things_are_listed(owner, database, workspace):
    usps(database, workspace)
    assert "This needs an account with an aggregator" in owner.get("/sources").text
    aggregator(database, workspace)
    journey(database, workspace)
    with database.transaction(None, "worker") as worker:
        worker.execute(
            "INSERT INTO second_looks SELECT workspace_id, number_id, 'carrier_api', '17track', %s, true, '{delivered}', '{}'"
            " FROM numbers WHERE workspace_id = %s AND carrier = 'usps'",
            (NOW, workspace),
        )
    said = words(owner.get("/sources"))
    assert "In 1 of 1 parcels compared, one tells what the other does not." in said
    assert "USPS · only 17TRACK: Delivered" in said


def test_what_an_aggregator_costs_is_set_shown_and_taken_away(owner, database, workspace):
    form = {"setting-api_key": SECRET, "price": "0.03", "monthly_cap": "30", "source": "17track"}
    owner.send_form("/sources?add=17track", "/sources", **form)
    (account,) = listed(database, workspace)
    assert account.settings == ("api_key", "monthly_cap", "price")
    body = owner.get("/sources").text
    assert ('name="price"' in body, 'value="0.03"' in body, 'value="30"' in body) == (True, True, True)
    owner.send_form("/sources", f"/sources/{account.account_id}", deed="save", price="0.05", monthly_cap="")
    assert listed(database, workspace)[0].settings == ("api_key", "price")
    assert 'value="0.05"' in owner.get("/sources").text


@pytest.mark.parametrize("price", ["-1", "cheap", "0,03", "NaN", "1e9", "٣"])
def test_a_price_that_is_none_is_refused(owner, database, workspace, price):
    account = aggregator(database, workspace)
    assert owner.send_form("/sources", f"/sources/{account}", deed="save", price=price).status_code == 422
    form = {"setting-api_key": SECRET, "price": price, "source": "17track", "name": "other"}
    assert owner.send_form("/sources?add=17track", "/sources", **form).status_code == 422
    assert len(listed(database, workspace)) == 1
    assert 'value="0.03"' in owner.get("/sources").text


def test_an_account_that_gets_no_answers_stands_first(owner, database, workspace):
    aggregator(database, workspace)
    account = usps(database, workspace)
    with database.transaction(None, "worker") as worker:
        worker.execute(
            "INSERT INTO source_health (workspace_id, account_id, failures, failed_kind) VALUES (%s, %s, 3, 'refused')",
            (workspace, account),
        )
    cards = re.findall(r"<h2>([^<]+?) <span", owner.get("/sources").text)
    assert cards[:2] == ["USPS", "17TRACK"]


def test_another_workspaces_account_is_not_there(owner, database, workspace, other_workspace):
    account = usps(database, other_workspace)
    assert owner.send_form("/sources", f"/sources/{account}", deed="remove").status_code == 404
    assert len(listed(database, other_workspace)) == 1
    assert 'class="ev-card ev-source"' not in owner.get("/sources").text


@pytest.mark.parametrize("role", ["operator", "service", "analyst"])
def test_accounts_are_for_who_manages_keys(enter, workspace, role):
    client = enter(workspace, role)
    assert client.get("/sources").status_code == 403
    assert client.send_form("/parcels", "/sources", source="usps").status_code == 403


def test_every_carrier_says_what_it_wants(owner):
    body = owner.get("/sources").text
    assert "https://developers.usps.com" in body
    assert "nothing: its interface needs no key" in body


# --- coverage -------------------------------------------------------------------------------------------------------


def test_a_sheet_is_told_what_of_it_can_be_followed(owner, database, workspace):
    page = owner.send_form("/coverage", text=SHEET)
    assert "0% of 3 numbers can be followed now. With the steps below: 100%." in page.text
    usps(database, workspace)
    page = owner.send_form("/coverage", text=SHEET)
    assert "67% of 3 numbers can be followed now." in page.text
    assert "Apply for a key of UPS" in page.text


def test_an_account_that_lacks_a_setting_or_is_paused_follows_nothing(owner, database, workspace):
    account = usps(database, workspace, client_id="me")
    assert "0% of 3 numbers" in owner.send_form("/coverage", text=SHEET).text
    with database.transaction(workspace) as app:
        wanted = sources.Change({"client_secret": SECRET})
        sources.change(app, database.keys, command_line(workspace), account, wanted)
    assert "67% of 3 numbers" in owner.send_form("/coverage", text=SHEET).text
    with database.transaction(workspace) as app:
        sources.pause(app, database.keys, command_line(workspace), account, NOW)
    assert "0% of 3 numbers" in owner.send_form("/coverage", text=SHEET).text


def test_looking_at_a_sheet_adds_nothing(owner, database, workspace):
    owner.send_form("/coverage", text=SHEET)
    with database.transaction(workspace) as app:
        assert app.execute("SELECT count(*) FROM numbers").fetchone() == (0,)


@pytest.mark.parametrize("text", ["", "   \n", "订单号,国家\nA,US\n"])
def test_what_is_no_sheet_is_said(owner, text):
    assert owner.send_form("/coverage", text=text).status_code == 422


def test_coverage_is_for_who_may_add(enter, workspace):
    assert enter(workspace, "service").get("/coverage").status_code == 403


# --- how fresh a parcel is ------------------------------------------------------------------------------------------


def failed(database, workspace, at, *numbers, words="a key is missing"):
    with database.transaction(None, "worker") as worker:
        query = "SELECT number_id FROM numbers WHERE workspace_id = %s AND (%s OR tracking_number = ANY(%s))"
        ids = [row[0] for row in worker.execute(query, (workspace, not numbers, list(numbers)))]
        checks = [(number, "carrier_api", at) for number in ids]
        record_failure(worker, database.keys, workspace, checks, Reason("refused", words))


def test_a_parcel_that_was_never_asked_about_says_so(owner, database, workspace):
    with database.transaction(workspace) as app:
        (parcel,) = ensure_parcels(app, workspace, [NewParcel("usps", "9400100000000000000001")])
    body = owner.get(f"/parcels/{parcel.parcel_id}").text
    assert "not checked yet" in body
    assert "not asked again by itself" in body


def test_a_failed_check_says_that_we_could_not_ask_and_why(owner, enter, database, workspace):
    parcel = journey(database, workspace)
    failed(database, workspace, NOW, "YT2630700700000001")
    body = owner.get(f"/parcels/{parcel}").text
    assert "We could not ask YunExpress at the last check (refused: a key is missing)" in body
    assert "last answered" in body
    assert "a key is missing" not in enter(workspace, "analyst").get(f"/parcels/{parcel}").text


@pytest.mark.parametrize("role", ["owner", "analyst"])
def test_what_is_ours_to_mend_is_said_in_our_own_words(enter, database, workspace, role):
    parcel, client = journey(database, workspace), enter(workspace, role)
    failed(database, workspace, NOW, "YT2630700700000001", words="needs an account with yunexpress")
    assert "(no account with YunExpress yet)" in client.get(f"/parcels/{parcel}").text
    client.headers["accept-language"] = "zh"
    assert "（尚未添加 云途物流 的账户）" in client.get(f"/parcels/{parcel}").text


def test_our_blindness_raises_no_silence(database, workspace):
    parcel, later = journey(database, workspace), NOW + timedelta(days=60)
    with serving(make_app(Services(database, registry(), now=lambda: later))) as address, httpx.Client() as client:
        client.cookies.set("everyleg_session", signed_in(database, workspace, later))
        client.headers["accept-language"] = "en"
        shown = lambda: [client.get(address + path).text for path in ("/parcels", f"/parcels/{parcel}")]  # noqa: E731
        heard = shown()
        assert ["late" in heard[0], "no news for too long" in heard[1]] == [True, True]
        failed(database, workspace, later)
        blind = shown()
        assert ["ev-state warm" in blind[0], "no news for too long" in blind[1]] == [False, False]
        assert all("we could not ask" in body for body in blind)


def signed_in(database, workspace, now):
    email = f"late-{workspace}@example.com"
    with database.transaction(None, "worker") as worker:
        new = NewPerson(email, "Somebody", "long enough to keep", None)
        person = people.add(worker, database.keys, new, Place(workspace, "owner", None), "-")
        return sessions.start(worker, database.keys, (workspace, person), Client(), now).token


def test_a_parcel_says_when_it_is_asked_next_and_why(owner, database, workspace):
    parcel = journey(database, workspace)
    with database.transaction(None, "worker") as worker:
        query = "SELECT number_id FROM numbers WHERE workspace_id = %s AND carrier = 'usps'"
        (number,) = worker.execute(query, (workspace,)).fetchone()
        due.arm(worker, (workspace, "check", number), NOW + timedelta(hours=2))
        plan = "INSERT INTO plans (workspace_id, number_id, why, planned_at) VALUES (%s, %s, 'out_for_delivery_expected', %s)"
        worker.execute(plan, (workspace, number, NOW))
    assert "next check 14 Nov, 11:00 (expected out for delivery)" in owner.get(f"/parcels/{parcel}").text


def test_every_reason_of_the_planner_has_its_words():
    assert [why for why in get_args(Why) if f"parcel.why_{why}" not in catalogue()] == []


def test_asking_now_is_for_who_may_add_parcels(enter, database, workspace):
    parcel = journey(database, workspace)
    operator, analyst = enter(workspace, "operator"), enter(workspace, "analyst")
    assert "being asked now" not in operator.get(f"/parcels/{parcel}").text
    assert "being asked now" in operator.send_form(f"/parcels/{parcel}", f"/parcels/{parcel}/ask").text
    assert analyst.send_form("/parcels", f"/parcels/{parcel}/ask").status_code == 403
    with database.transaction(workspace) as app:
        found = app.execute("SELECT count(*), max(due_at) FROM due WHERE kind = 'check_now'").fetchone()
    assert found == (3, NOW)


def test_asking_about_another_workspaces_parcel_finds_nothing(owner, database, other_workspace):
    parcel = journey(database, other_workspace)
    assert owner.send_form("/parcels", f"/parcels/{parcel}/ask").status_code == 404


# --- API keys -------------------------------------------------------------------------------------------------------


def made(client, *scopes, name="ERP"):
    body = client.get("/keys").text
    hidden = {field: re.search(f'name="{field}" value="([^"]*)"', body)[1] for field in ("_csrf_token", "once")}
    return client.post("/keys", data=hidden | {"name": name, "scope": list(scopes)}, follow_redirects=True)


def test_a_key_is_shown_once_and_works_until_it_is_revoked(owner, database, workspace):
    page = made(owner, "read", "write")
    key = re.search(r"elk_[\w-]+", page.text)[0]
    found = keys.authenticate(database, key, NOW)
    assert (found.workspace, found.scopes) == (workspace, ("read", "write"))
    assert key not in owner.get("/keys").text
    owner.send_form("/keys", f"/keys/{found.api_key_id}")
    assert keys.authenticate(database, key, NOW) is None
    assert owner.send_form("/keys", f"/keys/{found.api_key_id}").status_code == 404


def test_a_key_without_a_name_or_a_scope_is_not_made(owner, database, workspace):
    assert [made(owner).status_code, made(owner, "read", name="").status_code, made(owner, "fly").status_code] == [
        422
    ] * 3
    with database.transaction(workspace) as app:
        assert keys.listed(app, workspace) == []


def test_whoever_is_limited_to_shops_makes_no_key(enter, workspace):
    assert made(enter(workspace, "manager", shop_ids=[1]), "read").status_code == 422


def test_keys_are_for_who_manages_them(enter, workspace):
    assert enter(workspace, "operator").get("/keys").status_code == 403
