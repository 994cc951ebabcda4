"""What people do about sources in a real browser: see what can be followed, add accounts and keys, ask now."""

import re

import httpx
from playwright.sync_api import expect
from tests.factories.api import api, serving

SHEET = "运单号,国家\n9400111899223197428490,US\n1Z999AA10123456784,US\n"


def test_from_a_sheet_to_an_account_that_follows_it(open_page):
    page = open_page("/coverage")
    page.get_by_label("Numbers, or rows copied from a sheet").fill(SHEET)
    page.get_by_role("button", name="See what can be followed").click()
    expect(page.locator("h1")).to_contain_text("0% of 2 numbers can be followed now")
    step = page.locator(".ev-steps li", has_text="USPS")
    expect(step).to_contain_text("one number more")
    step.get_by_role("link", name="I have it").click()
    page.locator("#new-client_id").fill("me")
    page.locator("#new-client_secret").fill("s3cret")
    assert page.locator("#new-client_secret").get_attribute("type") == "password"
    page.get_by_role("button", name="Add USPS").click()
    expect(page.locator("h1")).to_contain_text("One account asks for you")
    page.get_by_role("link", name="What could be followed of my sheet").click()
    page.get_by_label("Numbers, or rows copied from a sheet").fill(SHEET)
    page.get_by_role("button", name="See what can be followed").click()
    expect(page.locator("h1")).to_contain_text("50% of 2 numbers can be followed now")


def test_a_sheet_is_dropped_to_see_its_coverage(open_page, tmp_path):
    sheet = tmp_path / "daily.csv"
    sheet.write_text(SHEET, encoding="utf-8")
    page = open_page("/coverage", cookies=[("lang", "zh")])
    page.locator("input[type=file]").set_input_files(sheet)
    page.get_by_role("button", name="查看可查询率").click()
    expect(page.locator("h1")).to_contain_text("2 个单号中")


def test_an_account_is_paused_and_asked_again(open_page):
    page = open_page("/sources?add=UPS")
    page.locator("#new-client_id").fill("me")
    page.locator("#new-client_secret").fill("s3cret")
    page.get_by_role("button", name="Add UPS").click()
    card = page.locator(".ev-source", has_text="UPS").last
    card.get_by_role("button", name="Pause").click()
    card = page.locator(".ev-source", has_text="UPS").last
    expect(card).to_contain_text("paused")
    card.get_by_role("button", name="Ask again").click()
    expect(page.locator(".ev-source", has_text="UPS").last).to_contain_text("not asked yet")


def test_a_key_made_on_the_page_opens_the_api(open_page, here):
    page = open_page("/keys")
    page.get_by_label("What it is for").fill("My ERP")
    page.get_by_role("button", name="Make the key").click()
    key = page.locator("#made .ev-mono").text_content()
    with serving(api(here.database)) as address:
        answer = httpx.get(f"{address}/v1/parcels", headers={"Authorization": f"Bearer {key}"}, params={"limit": 5})
    assert len(answer.json()["parcels"]) == 5


def test_the_description_of_the_api_reads_well_without_a_script(browser, here):
    with serving(api(here.database)) as address:
        for width, scheme in ((375, "dark"), (1440, "light")):
            viewport = {"width": width, "height": 800}
            context = browser.new_context(java_script_enabled=False, viewport=viewport, color_scheme=scheme)
            page, complaints = context.new_page(), []
            page.on("requestfailed", lambda request, into=complaints: into.append(request.url))
            page.on("console", lambda message, into=complaints: into.append(message.text))
            page.goto(f"{address}/v1/docs")
            expect(page.locator("h1")).to_contain_text("API")
            page.locator("a[href='#addParcels']").first.click()
            expect(page.locator("#addParcels")).to_be_visible()
            box = page.locator("main").bounding_box()
            assert (box["width"] <= width, complaints) == (True, [])
            context.close()


def test_a_parcel_is_asked_now(open_page, here):
    page = open_page(f"/parcels/{here.parcel}")
    expect(page.locator(".ev-age")).to_have_text(re.compile("checked .* · carrier spoke "))
    page.get_by_role("button", name="Ask now").click()
    expect(page.locator(".ev-age")).to_contain_text("being asked now")
    expect(page.get_by_role("button", name="Ask now")).to_be_disabled()


PHONE = {"width": 375, "height": 800}


def test_an_aggregators_budget_is_set_and_its_month_shown_on_a_phone(open_page):
    page = open_page("/sources?add=kuaidi100", viewport=PHONE)
    page.locator("#new-customer").fill("me")
    page.locator("#new-api_key").fill("s3cret")
    page.get_by_label("Most that a month may cost").last.fill("100")
    page.get_by_role("button", name="Add Kuaidi100").click()
    card = page.locator(".ev-source", has_text="Kuaidi100")
    expect(card.locator(".ev-figures")).to_contain_text("of 100 a month")
    assert card.locator(".ev-share").bounding_box()["width"] > 100
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_the_form_of_a_new_account_is_in_sight_on_a_phone(open_page):
    page = open_page("/sources", viewport=PHONE)
    page.get_by_role("link", name="Add an account").click()
    page.get_by_label("Carrier or aggregator").fill("FedEx")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("button", name="Add FedEx")).to_be_attached()
    expect(page.locator("#adding h2")).to_be_in_viewport()


def test_the_open_room_is_in_sight_on_a_phone(open_page):
    page = open_page("/forwarders", viewport=PHONE)
    box = page.locator(".ev-nav [aria-current]").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]


def test_the_readers_menu_closes_with_a_key_and_gives_the_focus_back(open_page):
    page = open_page("/sources")
    page.locator(".ev-menu summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".ev-sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".ev-sheet")).to_be_hidden()
    expect(page.locator(".ev-menu summary")).to_be_focused()


def test_the_filters_of_a_phone_stay_within_it(open_page):
    page = open_page("/parcels", viewport=PHONE)
    page.locator(".ev-morelabel").click()
    boxes = [one.bounding_box() for one in page.locator(".ev-filters select").all()]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"] for box in boxes)
