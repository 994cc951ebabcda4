"""Both languages say everything, with the same blanks to fill in; templates ask for nothing that is not there."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import everyleg.pipeline.corrections
import everyleg.web
import everyleg.web.seller.parcel
from everyleg.core.vocabulary import MILESTONES, STATUSES
from everyleg.web.buyer.telling import _MUST_ACT
from everyleg.web.words import LANGS, Words, catalogue

WEB = Path(everyleg.web.__file__).parent
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
BLANK = re.compile(r"\{(\w+)\}")


def words(lang="en", zone="UTC"):
    return Words(lang, ZoneInfo(zone), NOW)


def test_every_text_has_the_same_blanks_in_both_languages():
    odd = [
        k
        for k, (en, zh) in catalogue().items()
        if not k.endswith((".one", "_one")) and set(BLANK.findall(en)) != set(BLANK.findall(zh))
    ]
    assert odd == []


def test_no_text_is_empty_or_shouts():
    assert [k for k, texts in catalogue().items() if not all(texts) or any(c in t for t in texts for c in "!！")] == []


def test_chinese_texts_are_chinese():
    plain = {k for k, (_, zh) in catalogue().items() if not re.search(r"[\u4e00-\u9fff]", zh)}
    assert plain <= {"parcel.segment", "parcel.said", "parcel.about", "parcel.from_to", "common.room_api"}


@pytest.mark.parametrize("path", sorted(p.relative_to(WEB) for p in WEB.rglob("*.html")), ids=str)
def test_templates_ask_for_words_that_are_there(path):
    asked = re.findall(r'\bt\("([a-z_]+\.[a-z_0-9]+)"(?! ~| if)', (WEB / path).read_text(encoding="utf-8"))
    assert [key for key in asked if key not in catalogue()] == []


@pytest.mark.parametrize("path", sorted(p.relative_to(WEB) for p in WEB.rglob("*.py")), ids=str)
def test_code_asks_for_words_that_are_there(path):
    asked = re.findall(r'\b(?:t|words)\("([a-z_]+\.[a-z_0-9]+)"(?! ~| if)', (WEB / path).read_text(encoding="utf-8"))
    assert [key for key in asked if key not in catalogue()] == []


def test_a_buyer_is_told_something_at_every_milestone():
    assert [m for m in MILESTONES if f"buyer.now_{m}" not in catalogue()] == []
    assert [s for s in _MUST_ACT if f"buyer.act_{s}" not in catalogue() or s not in STATUSES] == []


def test_english_counts_one_apart():
    assert words()("add.added", n=1) == "One row was added."
    assert words()("add.added", n=2000) == "2,000 rows were added."


def test_counts_stop_at_the_cap():
    assert words().capped(10_001, 10_000) == "10,000+"
    assert words("zh").capped(10_000, 10_000) == "10,000"


@pytest.mark.parametrize(("lang", "said"), [("en", "3 hours ago"), ("zh", "3小时前")])
def test_times_are_relative_in_the_readers_language(lang, said):
    assert words(lang).ago(NOW - timedelta(hours=3)) == said


def test_exact_times_are_on_the_readers_clock_with_the_zone():
    assert words("en", "Asia/Shanghai").exact(NOW) == "Fri 20 Nov 2026, 17:00:00 UTC+08:00"


@pytest.mark.parametrize("lang", LANGS)
def test_every_meaning_can_be_chosen(lang):
    offered = set(re.findall(r'<option value="(\w+)"', words(lang).meanings()))
    assert offered == {s for s, row in STATUSES.items() if row.milestone not in ("none", "expired")}


def test_every_refusal_of_a_correction_is_said_in_both_languages():
    folders = [Path(everyleg.pipeline.corrections.__file__).parent, Path(everyleg.web.seller.parcel.__file__).parent]
    sources = " ".join(path.read_text() for folder in folders for path in sorted(folder.glob("*.py")))
    raised = re.findall(r'NotPossibleError\(\s*(?:f?"[^"]*"\s*)+,\s*"(\w+)"', sources)
    assert len(raised) == sources.count("raise NotPossibleError(")
    assert {f"refused.{why}" for why in raised} == {key for key in catalogue() if key.startswith("refused.")}
