"""What of a sheet can be followed, and in which order the rest is won."""

from functools import cache

from hypothesis import given
from hypothesis import strategies as st
from tests.factories.site import NOW

from everyleg.core.model import Ref
from everyleg.numbers.detector import Detector
from everyleg.ports.access import AGGREGATORS, Access
from everyleg.ports.manifest.schema import Limits, Names
from everyleg.sheets.coverage import EFFORT, Means, coverage
from everyleg.sheets.notes import Note
from everyleg.sheets.rows import Layout, Row
from everyleg.web.components.coverage import Telling
from everyleg.web.words import Words

NOBODY = Detector({})
CARRIERS = {
    "open": ("open", [], ["17track"]),
    "keyed": ("key", [], ["17track", "kuaidi100"]),
    "choosy": ("key", ["postal_code"], []),
    "wary": ("open", ["phone_tail"], []),
    "bound": ("contract", [], ["17track"]),
    "pushing": ("push", [], []),
    "tail": ("unread", [], ["17track"]),
    "lost": ("read", [], []),
    "17track": ("key", [], []),
    "kuaidi100": ("key", [], []),
}
FOLLOWED = [slug for slug in CARRIERS if slug not in AGGREGATORS]


@cache
def of(slug):
    way, fields, aggregators = CARRIERS[slug]
    settings = ["key"] if way in ("key", "contract") else []
    names = Names(en=slug.title(), zh=slug)
    apply = "https://carrier.example" if settings else None
    return Access(slug, names, "bronze", way, settings, fields, apply, Limits(per_hour=60), None, False, aggregators)


def rows(**numbers):
    """So many rows of each carrier, with every fact that carriers may want but the telephone number."""
    return [row(f"{slug}{n}", slug) for slug, count in numbers.items() for n in range(count)]


def row(number, slug, **said):
    said = {"postcode": "08540", "country": "US", "order": "SO-1"} | said
    return Row(at=1, layout=Layout({}, {}), cells={}, numbers=(Ref(slug, number),), **said)


def found(sheet, *accounts, pushing=(), shut=()):
    return coverage(sheet, NOBODY, of, Means(frozenset(accounts), frozenset(pushing), frozenset(shut)))


def deeds(result):
    return [(step.deed, step.about, step.gains) for step in result.steps]


def test_without_anything_what_needs_no_key_is_followed():
    result = found(rows(open=3, keyed=1))
    assert (result.numbers, result.followed, result.share, result.how) == (4, 3, 0.75, {"open": 3})


def test_an_account_comes_before_the_open_interface_and_that_before_an_aggregator():
    assert found(rows(open=1), "open").how == {"account": 1}
    assert found(rows(open=1), "17track").how == {"open": 1}
    assert found(rows(tail=1), "17track").how == {"aggregator:17track": 1}


def test_an_open_interface_that_somebody_paused_is_not_asked():
    assert found(rows(open=1), shut=["open"]).followed == 0


def test_pushes_count():
    assert found(rows(pushing=2), pushing=["pushing"]).how == {"push": 2}


def test_a_number_in_several_rows_counts_once_and_refused_rows_are_told_apart():
    sheet = [row("A1", "open", sku="a"), row("A1", "open", sku="b")]
    bad = Row(at=3, layout=Layout({}, {}), cells={}, refusals=(Note("no_number"),))
    result = found([*sheet, bad])
    assert (result.rows, result.refused, result.numbers) == (3, 1, 1)


def test_free_keys_of_large_carriers_come_first_and_an_aggregator_has_the_tail():
    result = found(rows(keyed=900, tail=95, bound=5))
    assert deeds(result) == [("key", "keyed", 900), ("aggregator", "17track", 100)]
    assert [step.share_after for step in result.steps] == [0.9, 1.0]


def test_a_carrier_with_few_numbers_is_left_to_the_aggregator():
    assert deeds(found(rows(tail=990, keyed=10))) == [("aggregator", "17track", 1000)]


def test_a_fact_that_lacks_is_said_with_how_many():
    sheet = [row(f"C{n}", "choosy", postcode=None if n < 3 else "08540") for n in range(10)]
    result = found(sheet, "choosy")
    assert (result.followed, result.carriers[0].missing) == (7, {"postal_code": 3})
    assert deeds(result) == [("fill", "postal_code", 3)]


def test_a_telephone_number_may_stand_in_any_column_that_is_called_so():
    told = [row("W1", "wary", attributes={"收件人电话": "+1 555 010 1234"}), row("W2", "wary")]
    assert found(told).followed == 1


def test_a_key_that_also_wants_a_fact_says_both():
    result = found([row("C1", "choosy", postcode=None)])
    assert deeds(result) == [("key", "choosy", 1)]
    assert (result.steps[0].fields, result.steps[0].settings) == (["postal_code"], ["key"])


def test_what_nobody_can_ask_is_said():
    result = found(rows(lost=4, open=1))
    assert (result.left, result.steps) == (4, [])
    assert found([row("X1", "")]).left == 1


SHEETS = st.dictionaries(st.sampled_from(FOLLOWED), st.integers(1, 30), min_size=1)


@given(SHEETS, st.sets(st.sampled_from(list(CARRIERS))))
def test_any_sheets_steps_add_up(numbers, accounts):
    result = found(rows(**numbers), *accounts)
    assert result.followed + sum(step.gains for step in result.steps) + result.left == result.numbers
    assert sum(result.how.values()) == result.followed == sum(one.followed for one in result.carriers)
    shares = [result.share, *(step.share_after for step in result.steps)]
    assert shares == sorted(shares)
    assert all(step.gains > 0 and step.deed in EFFORT for step in result.steps)


@given(SHEETS)
def test_doing_every_step_leads_where_they_say(numbers):
    first = found(rows(**numbers))
    accounts = {step.about for step in first.steps if step.deed in ("key", "address", "contract", "aggregator")}
    pushing = {step.about for step in first.steps if step.deed == "push"}
    filled = {"attributes": {"phone": "5550101234"}}
    again = found(
        [row(f"{slug}{n}", slug, **filled) for slug, count in numbers.items() for n in range(count)],
        *accounts,
        pushing=pushing,
    )
    assert again.followed == first.numbers - first.left


@given(SHEETS)
def test_both_languages_can_tell_any_result(numbers):
    result = found(rows(**numbers))
    for lang in ("en", "zh"):
        telling = Telling(Words(lang, NOW.tzinfo, NOW), of)
        said = [telling.sentence(result), *(telling.line(step) for step in result.steps)]
        said += [more for step in result.steps for more in telling.details(step)]
        said += [telling.needs(one) + telling.carriers(one) for one in result.carriers]
        assert all("{" not in text and text for text in said)


def test_nearly_all_is_not_said_to_be_all():
    telling = Telling(Words("en", NOW.tzinfo, NOW), of)
    assert [telling.share(part) for part in (0.0, 0.001, 0.5, 0.999, 1.0)] == ["0%", "1%", "50%", "99%", "100%"]
