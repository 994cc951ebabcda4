"""Bodies that are made, or broken, so that reading them would take for ever."""

import time

import pytest

from everyleg.ports.manifest.tree import Unreadable, parse

LONG = 400_000
ENTITIES = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12)
)

BODIES = {
    "blanks after JSONP": b"f()" + b" " * LONG + b"x",
    "blanks within JSONP": b"f(" + b") " * LONG + b"x",
    "blanks before JSONP": b"f" + b" " * LONG + b"x",
    "lines after a status": b"1" + b"\n" * LONG + b"x",
    "blanks after a status": b"1" + b" " * LONG + b"\nx",
    "words without end": b"a" * LONG,
    "lists in lists": b"[" * LONG,
    "maps in maps": b'{"a":' * LONG,
    "elements in elements": b"<a>" * LONG,
    "a declaration without end": b"<?xml " + b"e" * LONG,
    "entities of entities": ENTITIES + b"]><a>&m;</a>",
    "a comment without end": b"<a><!--" + b"-" * LONG,
    "zeros": bytes(LONG),
    "half a character": b"\xe4" * LONG,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_answer_is_refused_soon(body):
    started = time.perf_counter()
    with pytest.raises(Unreadable):
        parse(body)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("body", [b'f({"a": 1})', b'f({"a": 1});', b'f ( {"a": 1} ) ; \n', b'x.y({"a": 1})\r\n'])
def test_jsonp_is_unwrapped_all_the_same(body):
    assert parse(body) == ("json", {"a": 1})


@pytest.mark.parametrize("body", [b"1\n<a>x</a>", b"-12 \r\n\n <a>x</a>", b"\n1\r\n<a>x</a><a>y</a>"])
def test_a_status_on_a_line_of_its_own_is_passed_over_all_the_same(body):
    assert parse(body)[0] == "xml"
