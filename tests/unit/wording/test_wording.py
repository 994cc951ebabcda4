"""`classify`, `detect_lang` and `tidy` hold for any text."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.core.vocabulary import STATUSES
from everyleg.core.wording import Guess, classify, detect_lang, tidy
from everyleg.core.wording.text import sentences

ANY = st.text(max_size=120) | st.text(st.characters(codec=None), max_size=20)
SAID = st.sampled_from(
    [
        "Delivered",
        "Arrived at sorting centre",
        "Zustellung nicht möglich",
        "Objeto entregue",
        "Прибыло в город",
        "Iade edildi",
    ]
)
BLANK = st.text(st.sampled_from(" \t\r\n\u00a0\u3000"), min_size=1, max_size=3)


@given(ANY, st.none() | st.text(max_size=5))
def test_any_text_gives_a_guess(text, lang):
    guess = classify(text, lang)
    assert isinstance(guess, Guess)
    assert guess.sub_status in STATUSES
    assert 0 <= guess.confidence <= 1


@given(ANY)
def test_any_text_has_a_language_or_none(text):
    lang = detect_lang(text)
    assert lang is None or (len(lang) == 2 and lang.islower())


@given(ANY)
def test_tidying_twice_is_tidying_once_and_leaves_one_line(text):
    once = tidy(text)
    assert once == " ".join(once.split())
    assert "<br>" not in tidy(text + "<br>")


@given(ANY)
def test_sentences_are_plain(text):
    for sentence in sentences(text):
        assert sentence.startswith(" ")
        assert sentence.endswith(" ")
        assert "  " not in sentence
        assert "\n" not in sentence
        sentence.encode()


@given(SAID, BLANK, st.sampled_from([str.upper, str.lower, str.title]))
def test_blanks_and_case_do_not_matter(text, blank, case):
    assert classify(blank.join(["", *case(text).split(), ""])).sub_status == classify(text).sub_status


def test_accents_do_not_matter():
    assert classify("Zustellung nicht moglich") == classify("Zustellung nicht möglich")
    assert classify("Nao foi possivel entregar") == classify("Não foi possível entregar")


def test_traditional_and_simplified_characters_say_the_same():
    assert classify("進口清關放行") == classify("进口清关放行")


def test_full_width_and_half_width_letters_say_the_same():
    assert classify("Ｄｅｌｉｖｅｒｅｄ") == classify("Delivered")


def test_a_very_long_text_is_read_at_its_start():
    assert classify("Delivered. " + "x" * 100_000).sub_status == "delivered"


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "The parcel has arrived at our hub"),
        ("zh", "快件已到达转运中心"),
        ("ja", "お荷物は営業所に到着しました"),
        ("ja", "配達完了"),
        ("ko", "배송이 완료되었습니다"),
        ("ru", "Прибыло в сортировочный центр"),
        ("uk", "Прибуло до відділення"),
        ("de", "Die Sendung wurde zugestellt"),
        ("pl", "Przesyłka została doręczona"),
        ("pt", "O objeto foi entregue ao destinatário"),
        ("it", "La spedizione è stata consegnata"),
        ("fr", "Votre colis a été livré"),
        ("es", "El envío ha sido entregado"),
        ("nl", "Het pakket is bezorgd"),
        ("id", "Paket telah diterima oleh penerima"),
        ("tr", "Gönderi alıcıya teslim edildi"),
        ("sv", "Försändelsen har levererats"),
        ("da", "Pakken er blevet leveret"),
        ("no", "Sendingen er utlevert til mottaker"),
        ("cs", "Zásilka byla doručena"),
        ("th", "นำจ่ายสำเร็จ"),
        ("vi", "Giao hàng thành công"),
        ("ms", "Bungkusan telah tiba di hab"),
        ("el", "Παραδόθηκε"),
        ("ar", "تم التسليم"),
        ("he", "נמסר"),
    ],
)
def test_the_language_shows_in_letters_and_words(lang, text):
    assert detect_lang(text) == lang


@pytest.mark.parametrize("text", ["", "1407", "PL", "FPX_X_9", "J. EXAMPLE"])
def test_codes_and_names_have_no_language(text):
    assert detect_lang(text) is None


def test_tidy_takes_tags_entities_and_line_breaks_away():
    assert tidy("<p>Delivered&nbsp;to\r\n  <b>desk</b> &amp; signed</p>") == "Delivered to desk & signed"


def test_tidy_leaves_a_lone_sign_alone():
    assert tidy("weight < 2 kg, value > 10") == "weight < 2 kg, value > 10"


def test_importing_compiles_nothing():
    code = (
        "import everyleg.core.wording; from everyleg.core.wording import lexicon, rules;"
        "assert lexicon.lexicon.cache_info().currsize == rules.rules.cache_info().currsize == 0"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
