"""What people do with the pages, in a real browser."""

import re

import pytest
from playwright.sync_api import expect
from tests.factories.site import PASSWORD

from everyleg.web.buyer import links

ROOMS = (
    "/parcels",
    "/add",
    "/coverage",
    "/sources",
    "/keys",
    "/unknowns",
    "/quarantine",
    "/people",
    "/forwarders",
    "/dev/components",
)
PHONE = {"viewport": {"width": 375, "height": 812}}


def buyers_link(here):
    with here.database.transaction(here.workspace) as app:
        return f"/t/{links.ensure(app, here.workspace, here.parcel)}"


def test_sign_in_search_and_open_a_parcel(open_page, here):
    page = open_page("/parcels", signed_in=False)
    page.get_by_label("E-mail address").fill(here.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_placeholder("Numbers or orders").fill("63070070")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(re.compile("One parcel matches"))
    page.locator("tbody a.ev-mono").first.click()
    expect(page.locator("h1")).to_contain_text("USPS has it")


def test_a_click_on_a_segment_filters_the_events_without_a_new_page(open_page, here):
    page = open_page(f"/parcels/{here.parcel}")
    page.evaluate("window.same = true")
    page.locator(".ev-ribbon a").nth(2).click()
    expect(page.locator("#events h2")).to_contain_text("Only: Line-haul")
    expect(page.locator(".ev-event")).to_have_count(2)
    assert page.evaluate("window.same") is True
    page.get_by_text("All stages").click()
    expect(page.locator(".ev-event").nth(5)).to_be_visible()


def test_a_raw_answer_is_one_click_away(open_page, here):
    page = open_page(f"/parcels/{here.parcel}")
    page.locator(".ev-witness summary").first.click()
    page.get_by_role("link", name="Raw answer").first.click()
    expect(page.locator(".ev-slot pre").first).to_contain_text("{")


def test_numbers_are_copied_in_one_click(open_page, here):
    page = open_page(f"/parcels/{here.parcel}", permissions=["clipboard-read", "clipboard-write"])
    page.locator(".ev-numbers .ev-copy").first.click()
    expect(page.locator("#said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "CZLDEMO2026110301"


def test_paste_look_and_add(open_page):
    page = open_page("/add")
    page.get_by_label("Numbers, or rows copied from a sheet").fill("9400100000000000000777\nnot a number at all")
    page.get_by_role("button", name="Look at the rows").click()
    expect(page.locator("h1")).to_contain_text("One row can be added")
    page.get_by_role("button", name="Add the row").click()
    expect(page.locator("h1")).to_contain_text("One row was added")


def test_a_sheet_is_dropped(open_page, tmp_path):
    sheet = tmp_path / "daily.csv"
    sheet.write_text("运单号,订单号,国家\n9400100000000000000888,SO-9,美国\n", encoding="utf-8")
    page = open_page("/add")
    page.locator("input[type=file]").set_input_files(sheet)
    page.get_by_role("button", name="Look at the rows").click()
    expect(page.locator("tbody tr")).to_contain_text("SO-9")


def test_teach_a_word_and_its_events_change(open_page, here):
    page = open_page("/unknowns")
    page.locator("select[name=means]").first.select_option("handed_to_other_carrier")
    page.get_by_role("button", name="Teach").first.click()
    expect(page.locator(".ev-note")).to_contain_text("read again")
    page.goto(f"{here.site}/parcels/{here.parcel}")
    expect(page.locator(".ev-joint.open")).to_have_count(0)


def test_the_keyboard_searches_moves_and_helps(open_page):
    page = open_page("/parcels")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("tr.here")).to_have_count(1)
    assert page.evaluate("document.querySelector('tr.here') === document.querySelectorAll('[data-row]')[0]")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("j?")
    expect(page.get_by_role("dialog")).not_to_be_visible()


def test_a_row_is_opened_by_keyboard_alone(open_page):
    page = open_page("/parcels?q=SO-2026-77")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("USPS has it")


def test_the_theme_follows_the_system_until_one_is_chosen(open_page):
    paper = "getComputedStyle(document.body).backgroundColor"
    page = open_page("/parcels", color_scheme="dark")
    dark = page.evaluate(paper)
    page.locator(".ev-menu summary").click()
    page.get_by_role("button", name="Light").click()
    page.wait_for_url("**/parcels")
    assert page.evaluate(paper) != dark
    assert page.locator("html").get_attribute("data-bs-theme") == "light"


def test_language_and_density_are_chosen_once(open_page):
    page = open_page("/parcels")
    page.locator(".ev-menu summary").click()
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.locator(".ev-menu summary").click()
    page.get_by_role("button", name="紧凑").click()
    expect(page.locator("body")).to_have_class(re.compile("ev-compact"))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("path", [*ROOMS, "parcel", "buyer"])
def test_a_phone_shows_every_page_without_scrolling_sideways(open_page, here, path, lang):
    path = {"parcel": f"/parcels/{here.parcel}", "buyer": buyers_link(here)}.get(path, path)
    page = open_page(path, cookies=[("lang", lang)], **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("path", [*ROOMS, "parcel"])
def test_everything_that_can_be_used_has_a_name(open_page, here, path):
    page = open_page(f"/parcels/{here.parcel}" if path == "parcel" else path)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea, button, a[href], summary, svg[role]')]
        .filter(e => !(e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim() || e.title))
        .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    assert page.locator("h1").count() <= 1
    assert page.locator("main").count() == 1
    doubled = page.evaluate(
        "[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)"
    )
    assert doubled == []


def test_the_buyers_page_needs_no_script(open_page, here):
    page = open_page(buyers_link(here), signed_in=False, java_script_enabled=False, **PHONE)
    expect(page.locator("h1")).to_have_text("Your parcel is out for delivery.")
    expect(page.locator(".ev-ladder li")).to_have_count(5)
    page.get_by_role("link", name="中文").click()
    expect(page.locator("h1")).to_have_text("包裹正在派送。")


def test_the_console_works_without_a_script(open_page, here):
    page = open_page("/parcels", java_script_enabled=False)
    page.get_by_placeholder("Numbers or orders").fill("SO-2026-77")
    page.keyboard.press("Enter")
    page.locator("tbody a.ev-mono").first.click()
    page.locator(".ev-ribbon a").nth(2).click()
    expect(page.locator("#events h2")).to_contain_text("Only: Line-haul")
    page.get_by_label("Remarks").fill("seen without a script")
    page.get_by_role("button", name="Add the remark").click()
    expect(page.locator(".ev-remark").first).to_contain_text("seen without a script")


def test_the_exact_time_is_on_the_readers_clock(open_page, here):
    page = open_page("/parcels?q=SO-2026-77")
    page.reload()  # the first page told the browser's zone
    assert "UTC+08:00" in page.locator("time.ev-ago").first.get_attribute("title")
