"""From bytes to a tree, and the refusal of what is no answer."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.ports.manifest.tree import MAX_BYTES, Unreadable, parse, unwrap


def test_xml_becomes_the_same_kind_of_tree_as_json():
    body = b'<a:Root xmlns:a="urn:x"><Item id="1">one</Item><Item>two</Item><Deep><x>3</x></Deep></a:Root>'
    assert parse(body) == ("xml", {"Root": {"Item": [{"@id": "1", "#text": "one"}, "two"], "Deep": {"x": "3"}}})


@pytest.mark.parametrize(
    "body",
    [
        b'callback({"a": 1});',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
    ],
    ids=["jsonp", "byte order mark", "utf-16"],
)
def test_wrappings_of_json_are_taken_off(body):
    assert parse(body)[1] == {"a": 1}


def test_blanks_before_an_xml_declaration_do_no_harm():
    assert parse(b'\n <?xml version="1.0"?><a><b>1</b></a>') == ("xml", {"a": {"b": "1"}})


def test_an_undeclared_chinese_charset_is_understood():
    assert parse('{"文": "已签收"}'.encode("gb18030"))[1] == {"文": "已签收"}
    assert parse("<a><文>已签收</文></a>".encode("gb18030"))[1] == {"a": {"文": "已签收"}}


def test_elements_without_a_root_behind_a_status_line_are_xml():
    kind, tree = parse("100\n<A>快件已签收</A>\n<B>2</B>".encode("gb18030"))
    assert (kind, tree) == ("xml", {"answer": {"A": "快件已签收", "B": "2"}})


def test_bare_words_that_one_asks_too_often_are_no_riddle():
    with pytest.raises(Unreadable) as slowed:
        parse("此请求访问太过频繁".encode())
    assert slowed.value.kind == "rate_limited"


BOMB = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>'
EXTERNAL = b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b'{"a": ', "not valid JSON"),
        (b"<a><b></a>", "not valid XML"),
        (BOMB, "document type"),
        (EXTERNAL, "document type"),
        (b'{"a": "\xff\xfe\x81\xff"}', "neither UTF-8 nor GB18030"),
        (b"<html><body>Hello</body></html>", "HTML page"),
        (b"\x00" * 8 + b'{"a": 1}', "not valid JSON"),
        (b"[" * 100_000, "not"),
        (b" " * 8 + b"x" * (MAX_BYTES + 1), "more than any carrier answers"),
    ],
    ids=["empty", "cut", "cut xml", "bomb", "external", "bytes", "html", "nul", "deep", "huge"],
)
def test_what_is_no_answer_is_refused_with_what_and_what_to_do(body, words):
    with pytest.raises(Unreadable, match=words):
        parse(body)


def test_a_login_page_is_a_refusal_not_a_riddle():
    with pytest.raises(Unreadable) as error:
        parse(b'<html><form><input type="password"></form></html>')
    assert error.value.kind == "refused"


def test_json_inside_a_string_is_parsed_in_place():
    assert unwrap({"data": '{"x": [1]}', "y": 2}, [["data"]]) == {"data": {"x": [1]}, "y": 2}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_unreadable(body):
    with contextlib.suppress(Unreadable):
        parse(body)
