"""The pages over a real store: who may see what, what forms do, and that nothing is done twice or lost."""

import re

import pytest

from everyleg.app.plugins import registry
from everyleg.pipeline.intake import Received, receive
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.pipeline.work import drain
from everyleg.web.buyer import links
from tests.factories.site import NOW, PASSWORD, journey, parcel_of, shipped, somebody

EVIL = "<script>alert(1)</script>'\"; DROP TABLE parcels; --"


def added(database, workspace, *numbers):
    with database.transaction(workspace) as app:
        return [e.parcel_id for e in ensure_parcels(app, workspace, [NewParcel("usps", n) for n in numbers])]


def link_of(database, workspace, parcel):
    with database.transaction(workspace) as app:
        return links.ensure(app, workspace, parcel)


def sentence(answer):
    return re.sub(r"<[^>]+>|\s+", " ", re.search("<h1[^>]*>(.*?)</h1>", answer.text, re.DOTALL)[1]).strip()


# --- the door -------------------------------------------------------------------------------------------------------


def test_nobody_gets_in_without_signing_in(visitor):
    for path in (
        "/parcels",
        "/parcels/1",
        "/add",
        "/quarantine",
        "/unknowns",
        "/people",
        "/forwarders",
        "/parcels/count",
    ):
        answer = visitor.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")


def test_signing_in_leads_to_where_one_wanted_to_go(visitor, database, workspace):
    email, _ = somebody(database, workspace)
    answer = visitor.send_form("/sign-in?next=/unknowns", "/sign-in", email=email, password=PASSWORD, next="/unknowns")
    assert answer.url.path == "/unknowns"


def test_a_wrong_password_and_an_unknown_address_read_the_same(visitor, database, workspace):
    email, _ = somebody(database, workspace)
    answers = [visitor.send_form("/sign-in", email=e, password=PASSWORD[::-1]) for e in (email, "nobody@example.com")]
    assert [a.status_code for a in answers] == [422, 422]
    assert len({re.search("ev-note hot.*?</div>", a.text)[0] for a in answers}) == 1


def test_a_session_cookie_is_for_the_server_only(visitor, database, workspace):
    email, _ = somebody(database, workspace)
    visitor.send_form("/sign-in", email=email, password=PASSWORD)
    cookie = next(c for c in visitor.cookies.jar if c.name == "everyleg_session")
    assert cookie.has_nonstandard_attr("HttpOnly")


def test_signing_out_ends_the_session(owner):
    token = owner.cookies["everyleg_session"]
    assert owner.send_form("/parcels", "/sign-out").url.path == "/sign-in"
    owner.cookies.set("everyleg_session", token)
    assert owner.get("/parcels").status_code == 303


def test_an_invitation_makes_an_account_once(owner, visitor):
    made = owner.send_form("/people", "/people/invitations", role="operator", email="")
    path = re.search(r"/invitation/[\w.-]+", made.text)[0]
    fields = {"name": "New Hand", "email": "new.hand@example.com", "password": PASSWORD + "!"}
    assert visitor.send_form(path, **fields).url.path == "/parcels"
    assert visitor.get(path).status_code == 404


# --- what holds for all ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/parcels", "/sign-in", "/nowhere", "/t/1-AAAAAAAAAAAAAAAAAAAAAA", "/assets/everyleg.css"]
)
def test_every_answer_has_the_headers(owner, path):
    headers = owner.get(path).headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/parcels", "/add", "/people", "/unknowns", "/quarantine", "/dev/components", "/sign-in"]
)
def test_no_page_has_anything_inline(owner, path):
    body = owner.get(path, follow_redirects=True).text
    assert re.findall(r"<script(?![^>]*src=)|\son\w+=|\sstyle=|<style", body) == []


def test_a_form_without_its_token_does_nothing(owner, database, workspace):
    (parcel,) = added(database, workspace, "9400100000000000000001")
    owner.get("/parcels")
    answer = owner.post(f"/parcels/{parcel}/tags", data={"tags": "stolen", "version": "1"})
    assert answer.status_code == 403
    assert "stolen" not in owner.get(f"/parcels/{parcel}").text


def test_errors_say_what_is_safe_and_show_no_trace(owner):
    answer = owner.get("/parcels/999999999")
    assert answer.status_code == 404
    assert "Traceback" not in answer.text
    assert "Your data is as it was" in answer.text


def test_pages_are_chinese_for_who_reads_chinese(owner):
    owner.headers["accept-language"] = "zh-CN,zh;q=0.9,en;q=0.5"
    body = owner.get("/parcels").text
    assert 'lang="zh-CN"' in body
    assert "还没有包裹" in body


# --- the list -------------------------------------------------------------------------------------------------------


def test_an_empty_list_says_what_to_do_next(owner):
    assert 'href="/add"' in owner.get("/parcels").text


def test_a_journey_stands_in_the_list_with_its_thread(owner, database, workspace):
    journey(database, workspace)
    answer = owner.get("/parcels")
    assert sentence(answer).startswith("One parcel") or sentence(answer).startswith("1 parcels")
    assert "ev-thread" in answer.text
    assert "On the delivery round" in answer.text


@pytest.mark.parametrize(
    "asked", ["YT2630700700000001", "yt2630700700000001", "63070070", "9200190300000000000017", "SO-77"]
)
def test_a_parcel_is_found_by_any_number_a_part_of_it_or_its_order(owner, database, workspace, asked):
    parcel = journey(database, workspace)
    shipped(database, workspace, parcel, order_reference="SO-77")
    assert f'href="/parcels/{parcel}"' in owner.get("/parcels", params={"q": asked}).text


def test_several_pasted_numbers_are_searched_at_once_and_missing_ones_counted(owner, database, workspace):
    one, two, _ = added(
        database, workspace, "9400100000000000000011", "9400100000000000000012", "9400100000000000000013"
    )
    asked = "9400100000000000000011 9400100000000000000012\n9400100000000000000999"
    body = owner.get("/parcels", params={"q": asked}).text
    assert {int(p) for p in re.findall(r'href="/parcels/(\d+)"', body)} == {one, two}
    assert "One of the numbers is not among your parcels" in body


@pytest.mark.parametrize(
    ("filters", "there"),
    [
        ({"at": "out_for_delivery"}, True),
        ({"at": "in_transit"}, False),
        ({"stage": "last_mile"}, True),
        ({"stage": "line_haul"}, False),
        ({"country": "US"}, True),
        ({"country": "FR"}, False),
        ({"quiet": "30"}, False),
        ({"at": "attention"}, False),
        ({"at": "import"}, False),
    ],
)
def test_filters_leave_what_they_say(owner, database, workspace, filters, there):
    parcel = journey(database, workspace)
    shipped(database, workspace, parcel, destination_country="US")
    assert (f'href="/parcels/{parcel}"' in owner.get("/parcels", params=filters).text) is there


def test_pages_of_the_list_hold_each_parcel_once(owner, database, workspace):
    journey(database, workspace)
    made = added(database, workspace, *(f"94001000000000000{n:05}" for n in range(119)))
    path, seen = "/parcels", []
    while path:
        body = owner.get(path).text
        seen += map(int, re.findall(r'href="/parcels/(\d+)"', body))
        following = re.search(r'rel="next" href="([^"]+)"', body)
        path = following[1].replace("&amp;", "&") if following else None
    assert len(seen) == len(set(seen)) == 120
    assert set(made) < set(seen)


def test_an_archived_parcel_leaves_the_list_and_comes_back(owner, database, workspace):
    (parcel,) = added(database, workspace, "9400100000000000000021")
    page = f"/parcels/{parcel}"
    version = re.search(r'name="version" value="(\d+)"', owner.get(page).text)[1]
    owner.send_form(page, f"{page}/corrections", kind="archive", version=version)
    assert f'href="{page}"' not in owner.get("/parcels").text
    version = re.search(r'name="version" value="(\d+)"', owner.get(page).text)[1]
    owner.send_form(page, f"{page}/corrections", kind="restart", version=version)
    assert f'href="{page}"' in owner.get("/parcels").text


def test_limits_to_shops_hide_everything_else(enter, database, workspace):
    mine, other, none = added(database, workspace, *(f"940010000000000000003{n}" for n in range(3)))
    with database.transaction(workspace) as app:
        insert = "INSERT INTO shops (workspace_id, name) VALUES (%s, %s) RETURNING shop_id"
        shops = [app.execute(insert, (workspace, name)).fetchone()[0] for name in ("A", "B")]
    shipped(database, workspace, mine, shop_id=shops[0])
    shipped(database, workspace, other, shop_id=shops[1])
    limited = enter(workspace, "operator", (shops[0],))
    body = limited.get("/parcels").text
    assert {int(p) for p in re.findall(r'href="/parcels/(\d+)"', body)} == {mine}
    assert [limited.get(f"/parcels/{p}").status_code for p in (mine, other, none)] == [200, 404, 404]


def test_another_workspace_sees_nothing(enter, database, workspace, other_workspace):
    parcel = journey(database, workspace)
    stranger = enter(other_workspace)
    assert stranger.get(f"/parcels/{parcel}").status_code == 404
    assert (
        "YT2630700700000001"
        not in stranger.get("/parcels", params={"q": "YT2630700700000001"})
        .text.split("ev-filters")[-1]
        .split("</form>")[-1]
    )


# --- a parcel -------------------------------------------------------------------------------------------------------


def test_a_parcel_shows_legs_joints_witnesses_and_their_raw_answers(owner, database, workspace):
    parcel = journey(database, workspace)
    body = owner.get(f"/parcels/{parcel}").text
    assert "USPS has it" in body
    assert "handed over by YunExpress" in body
    assert "CZL Express never said that it let go" in body
    answer = owner.get(re.search(rf"/parcels/{parcel}/answers/\d+", body)[0])
    assert "<pre" in answer.text


def test_a_segment_shows_its_events_only(owner, database, workspace):
    parcel = journey(database, workspace)
    body = owner.get(f"/parcels/{parcel}", params={"stage": "line_haul"}).text
    assert "Left the origin country" in body
    assert "Out for Delivery" not in body


def test_raw_answers_are_for_roles_that_may(enter, owner, database, workspace):
    parcel = journey(database, workspace)
    path = re.search(rf"/parcels/{parcel}/answers/\d+", owner.get(f"/parcels/{parcel}").text)[0]
    service = enter(workspace, "service")
    assert service.get(path).status_code == 403
    assert path not in service.get(f"/parcels/{parcel}").text


def test_an_answer_of_another_parcel_is_not_shown(owner, database, workspace):
    parcel = journey(database, workspace)
    (other,) = added(database, workspace, "9400100000000000000041")
    path = re.search(rf"/parcels/{parcel}/answers/(\d+)", owner.get(f"/parcels/{parcel}").text)
    assert owner.get(f"/parcels/{other}/answers/{path[1]}").status_code == 404


def test_the_second_who_edits_is_told_and_keeps_what_they_typed(owner, enter, database, workspace):
    (parcel,) = added(database, workspace, "9400100000000000000051")
    page, other = f"/parcels/{parcel}", enter(workspace)
    version = re.search(r'name="version" value="(\d+)"', owner.get(page).text)[1]
    assert owner.send_form(page, f"{page}/tags", tags="first", version=version).status_code == 200
    late = other.send_form(page, f"{page}/tags", tags="second", version=version)
    assert late.status_code == 409
    assert "Somebody changed this parcel" in late.text
    assert 'value="second"' in late.text
    assert 'value="first"' in owner.get(page).text


def test_a_form_sent_twice_does_nothing_twice(owner, database, workspace):
    (parcel,) = added(database, workspace, "9400100000000000000061")
    page = f"/parcels/{parcel}"
    body = owner.get(page).text
    hidden = {n: re.search(f'name="{n}" value="([^"]*)"', body)[1] for n in ("_csrf_token", "once")}
    for _ in range(2):
        owner.post(f"{page}/remarks", data=hidden | {"remark": "call the buyer"})
    assert owner.get(page).text.count("call the buyer") == 1


def test_markup_and_sql_in_every_field_stay_text(owner, database, workspace):
    (parcel,) = added(database, workspace, "9400100000000000000071")
    shipped(database, workspace, parcel, order_reference=EVIL)
    page = f"/parcels/{parcel}"
    owner.send_form(page, f"{page}/remarks", remark=EVIL)
    version = re.search(r'name="version" value="(\d+)"', owner.get(page).text)[1]
    owner.send_form(page, f"{page}/tags", tags=EVIL, version=version)
    owner.send_form("/people", "/people/invitations", role="analyst", email=EVIL)
    for path in (
        page,
        "/parcels",
        f"/parcels?{'&'.join(f'{f}=%3Cscript%3E%27' for f in ('q', 'at', 'shop', 'after'))}",
    ):
        body = owner.get(path).text
        assert "<script>" not in body
    assert "DROP TABLE parcels" in owner.get(page).text


def test_a_remark_too_long_is_kept_and_said(owner, database, workspace):
    (parcel,) = added(database, workspace, "9400100000000000000081")
    answer = owner.send_form(f"/parcels/{parcel}", f"/parcels/{parcel}/remarks", remark="x" * 4001)
    assert answer.status_code == 422
    assert "x" * 4001 in answer.text


def test_a_correction_is_made_and_undone(owner, database, workspace):
    parcel = journey(database, workspace)
    page = f"/parcels/{parcel}"
    version = re.search(r'name="version" value="(\d+)"', owner.get(page).text)[1]
    marked = owner.send_form(page, f"{page}/corrections", kind="delivered", version=version, reason="buyer wrote")
    assert sentence(marked).startswith("Delivered")
    undo = re.search(rf"{page}/corrections/\d+", marked.text)[0]
    version = re.search(r'name="version" value="(\d+)"', marked.text)[1]
    assert sentence(owner.send_form(page, undo, version=version)).startswith("Out for delivery")


def test_what_makes_no_sense_is_said_and_nothing_changes(owner, database, workspace):
    (parcel,) = added(database, workspace, "9400100000000000000091")
    page = f"/parcels/{parcel}"
    version = re.search(r'name="version" value="(\d+)"', owner.get(page).text)[1]
    answer = owner.send_form(
        page, f"{page}/corrections", kind="add_number", number="X1", carrier="nobody", version=version
    )
    assert answer.status_code == 422
    assert "no carrier is called" in answer.text
    assert 'value="X1"' in answer.text


# --- adding ---------------------------------------------------------------------------------------------------------


def test_pasted_numbers_are_looked_at_before_they_are_added(owner, database, workspace):
    seen = owner.send_form(
        "/add", text="9400 1000 0000 0000 0001 01\n9.4E+21\n9400100000000000000102", files={"file": b""}
    )
    assert "2 rows can be added" in sentence(seen)
    assert "One is refused" in sentence(seen)
    assert parcel_of(database, workspace, "9400100000000000000102") is None
    form = re.search(r'action="(/add/[\w-]+)"', seen.text)[1]
    hidden = {"_csrf_token": re.search('name="_csrf_token" value="([^"]*)"', seen.text)[1]}
    done = [owner.post(form, data=hidden, follow_redirects=True) for _ in range(2)]
    assert {sentence(d) for d in done} == {"2 rows were added. One was refused."}
    assert parcel_of(database, workspace, "9400100000000000000102")
    rejects = owner.get(f"{form}/rejected.xlsx")
    assert rejects.content.startswith(b"PK")


def test_what_somebody_sent_is_nobody_elses(owner, enter, workspace):
    seen = owner.send_form("/add", text="9400100000000000000111", files={"file": b""})
    path = re.search(r'action="(/add/[\w-]+)"', seen.text)[1]
    assert enter(workspace).send_form("/add", path).status_code == 404


def test_a_huge_upload_is_refused_while_it_comes_in(owner):
    owner.get("/add")
    body = (b"x" * 65536 for _ in range(1700))
    headers = {"content-type": "multipart/form-data; boundary=x", "content-length": str(1700 * 65536)}
    answer = owner.post("/add", content=body, headers=headers)
    assert answer.status_code == 413
    assert "nothing was changed" in answer.text


def test_who_may_not_add_is_told(enter, workspace):
    assert enter(workspace, "analyst").get("/add").status_code == 403


# --- repairs --------------------------------------------------------------------------------------------------------


def test_what_could_not_be_read_waits_with_its_reason(owner, database, workspace):
    receive(database, [Received(workspace, "webhook", "usps", b"<html>down</html>", ("9400",), NOW)])
    drain(database, registry())
    answer = owner.get("/quarantine")
    assert sentence(answer).startswith("One answer could not be read")
    raw = owner.get(re.search(r"/quarantine/\d+", answer.text)[0])
    assert "&lt;html&gt;down&lt;/html&gt;" in raw.text


def test_a_word_is_taught_once_and_its_events_change(owner, database, workspace):
    parcel = journey(database, workspace)
    page = owner.get("/unknowns").text
    word = re.search(r'name="value" value="([^"]+)"', page)[1]
    done = owner.send_form("/unknowns", carrier="czl", kind="text", value=word, means="handed_to_other_carrier")
    assert "One number was read again" in done.text
    told = owner.get(f"/parcels/{parcel}").text
    assert "CZL Express never said that it let go" not in told


# --- the buyer ------------------------------------------------------------------------------------------------------


def test_a_buyer_sees_the_journey_without_signing_in(visitor, database, workspace):
    parcel = journey(database, workspace)
    answer = visitor.get(f"/t/{link_of(database, workspace, parcel)}")
    assert sentence(answer) == "Your parcel is out for delivery."
    assert answer.text.count("<li class=") == 5
    assert "<script" not in answer.text


def test_a_buyer_reads_their_own_language(visitor, database, workspace):
    path = f"/t/{link_of(database, workspace, journey(database, workspace))}"
    assert "包裹正在派送" in visitor.get(path, headers={"accept-language": "zh"}).text
    assert "包裹正在派送" in visitor.get(path, params={"lang": "zh"}).text


@pytest.mark.parametrize("link", ["1-AAAAAAAAAAAAAAAAAAAAAA", "x", "999999-AAAAAAAAAAAAAAAAAAAAAA", "1-'%20OR%201=1"])
def test_a_wrong_link_is_a_friendly_page(visitor, link):
    answer = visitor.get(f"/t/{link}")
    assert answer.status_code == 404
    assert sentence(answer) == "We find no parcel here"


def test_an_old_link_goes_on_showing_what_took_its_place(visitor, owner, database, workspace):
    (old,) = added(database, workspace, "9400100000000000000121")
    link = link_of(database, workspace, old)
    page = f"/parcels/{old}"
    version = re.search(r'name="version" value="(\d+)"', owner.get(page).text)[1]
    done = owner.send_form(
        page, f"{page}/corrections", kind="replace", carrier="usps", number="9400100000000000000122", version=version
    )
    assert done.status_code == 200
    body = visitor.get(f"/t/{link}").text
    assert "Your first parcel was replaced" in body
    assert "9400100000000000000122" in body
    assert "9400100000000000000121" not in body


def test_a_buyer_learns_nothing_of_remarks_orders_and_answers(visitor, owner, database, workspace):
    parcel = journey(database, workspace)
    shipped(database, workspace, parcel, order_reference="INTERNAL-1")
    owner.send_form(f"/parcels/{parcel}", f"/parcels/{parcel}/remarks", remark="never tell")
    body = visitor.get(f"/t/{link_of(database, workspace, parcel)}").text
    assert not any(word in body for word in ("INTERNAL-1", "never tell", "/answers/", "carrier_api", str(parcel) + "/"))


def test_links_cannot_be_tried_without_end(visitor):
    codes = {visitor.get("/t/1-AAAAAAAAAAAAAAAAAAAAAA").status_code for _ in range(140)}
    assert 429 in codes


# --- taking it out --------------------------------------------------------------------------------------------------


def test_all_parcels_come_as_a_sheet_that_reads_back(visitor, database, workspace):
    from everyleg.sheets.incoming import Habits, read

    email, _ = somebody(database, workspace)
    added(database, workspace, "9400111899223197428490", "00012345678905")
    visitor.send_form("/sign-in", email=email, password=PASSWORD)
    for path in ("/parcels.xlsx", "/parcels.csv"):
        answer = visitor.get(path)
        assert answer.headers["content-disposition"].startswith("attachment")
        numbers = {ref.tracking_number for row in read(answer.content, Habits()) for ref in row.numbers}
        assert numbers == {"9400111899223197428490", "00012345678905"}


def test_who_may_not_export_is_told_so(visitor, database, workspace):
    email, _ = somebody(database, workspace, role="service")
    visitor.send_form("/sign-in", email=email, password=PASSWORD)
    assert visitor.get("/parcels.xlsx").status_code == 403
