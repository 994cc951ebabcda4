"""The tables of headings and of words."""

from string import Formatter

from everyleg.numbers.normalize import _STEPS
from everyleg.sheets.fates import Fate
from everyleg.sheets.headings import field_of, folded, headings
from everyleg.sheets.notes import Note, _table, say
from everyleg.sheets.rows import Layout, Row


def test_no_name_means_two_columns():
    names = [
        (folded(name), h.field)
        for h in headings()
        for name in {folded(n): n for n in (h.zh, h.en, *h.aliases)}.values()
    ]
    assert len({name for name, _ in names}) == len(names)


def test_every_name_of_a_column_leads_to_it():
    for heading in headings():
        for name in (heading.zh, heading.en, *heading.aliases):
            assert field_of(name) == heading


def test_a_heading_in_both_languages_leads_to_its_column():
    ours = [heading for heading in headings() if heading.use == "in"]
    assert [field_of(f"{heading.zh}/{heading.en}") for heading in ours] == ours


def test_a_heading_that_names_two_columns_names_none():
    assert field_of("订单号/运单号") is None


def test_every_note_has_both_languages_with_the_same_blanks():
    for kind, english in _table()["en"].items():
        chinese = _table()["zh"][kind]
        blanks = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (english, chinese)]
        assert english and chinese and blanks[0] == blanks[1], kind


def test_every_repair_of_a_number_has_its_words():
    assert [words for _, words in _STEPS if words not in _table()["zh"]] == []


def test_a_fate_is_said_in_one_sentence():
    fate = Fate(Row(at=3, layout=Layout({}, {}), cells={}), "updated", (Note("changed", {"columns": "country|颜色"}),))
    assert fate.said("zh") == "已更新：已更改：国家、颜色"
    assert fate.said("en") == "updated: changed: Country, 颜色"


def test_braces_in_a_cell_are_no_blanks():
    assert "{0}" in say("not_a_number", "en", text="{0}", why="why_characters")
