"""Servers that ban, lie, drag on or lead astray: each costs its own account one failed answer, and nothing else."""

import asyncio
import gzip
import socket
import threading
import time
import zlib
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everyleg.ports.answer import Answer, retry_after, transport_fault
from everyleg.ports.asking import Account, NotNowError, Outgoing
from everyleg.ports.outbound.addresses import SystemNames
from everyleg.ports.outbound.bodies import TooLarge, unpack
from everyleg.ports.outbound.gateway import Bounds, Gateway
from tests.integration.outbound.servers import Says, serving

from .test_gateway import ACCOUNT, LOOPBACK, leads_to, send


@contextmanager
def speaking(*said, hold_s=0.0):
    """A server that says these bytes to whoever asks, whatever it is asked, and hangs up after `hold_s`."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    over = threading.Event()

    def one(connection):
        with connection:
            connection.recv(65536)
            try:
                for part in said:
                    connection.sendall(part)
                over.wait(hold_s)
            except OSError:
                return

    def run():
        while not over.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        over.set()
        thread.join(5)
        listening.close()


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "said",
    [
        [b""],
        [b"\x00\xff" * 500],
        [b"SSH-2.0-OpenSSH_9.6\r\n"],
        [b"HTTP/1.1 abc OK\r\n\r\n"],
        [OK + b"X: " + b"a" * 300_000],
        [OK] + [b"X-%d: y\r\n" % n for n in range(20_000)],
        [OK + b"Content-Length: -5\r\n\r\n"],
        [OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"],
        [OK + b"Content-Length: 99\r\n\r\nshort"],
        [OK + b"Content-Length: 99999999999999999999999\r\n\r\nx"],
        [OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"],
        [OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx"],
        [OK + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"e" * 200_000],
        [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nxx"],
        [b"HTTP/1.1 100 Continue\r\n\r\n"] * 50,
        [OK + b"Header with space: x\r\n\r\n"],
        [OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"],
        [b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n"],
        [b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe\r\nContent-Length: 0\r\n\r\n"],
        [b"HTTP/1.1 302 Found\r\nLocation: http://a:99999999/\r\nContent-Length: 0\r\n\r\n"],
        [b"HTTP/1.1 302 Found\r\nLocation: javascript:alert(1)\r\nContent-Length: 0\r\n\r\n"],
        [b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"],
        [b"HTTP/1.1 302 Found\r\nLocation: http://user:pw@127.0.0.1/\r\nContent-Length: 0\r\n\r\n"],
    ],
    ids=range(23),
)
def test_whatever_a_server_says_is_an_answer_or_why_there_is_none(said):
    with speaking(*said) as url:
        answer = send(url, total_s=2.0, body_bytes=100_000)
    assert answer.error is not None or answer.status == 101
    assert transport_fault(answer) is not None or answer.status == 101


@pytest.mark.parametrize("said", [[OK], [OK + b"Content-Length: 99\r\n\r\nab"], [b"HTTP/1.1 100 Continue\r\n\r\n"], []])
def test_a_server_that_falls_silent_anywhere_is_left_in_time(said):
    with speaking(*said, hold_s=30) as url:
        started = time.monotonic()
        answer = send(url, total_s=0.4)
    assert answer.error is not None and time.monotonic() - started < 2


def test_what_comes_after_an_answer_is_not_taken_for_the_next_one():
    """A server (or a proxy in between) that answers twice: the second question has to be answered by itself."""
    twice = OK + b"Content-Length: 3\r\n\r\none" + OK + b"Content-Length: 4\r\n\r\nlies"

    async def both(url):
        async with Gateway(LOOPBACK, Bounds(total_s=2)) as gateway:
            first = await gateway.send(Outgoing("GET", url), ACCOUNT)
            second = await gateway.send(Outgoing("GET", url), Account(2, 2, "acme"))
            return first.body, second.body

    with speaking(twice, hold_s=1) as url:
        first, second = asyncio.run(both(url))
    assert first == b"one" and second != b"lies"


URLS = st.one_of(
    st.text(max_size=60),
    st.builds("{}://{}{}/{}".format, st.sampled_from(["http", "https", "HTTP", "gopher", ""]), st.text(max_size=30),
              st.sampled_from(["", ":0", ":99999", ":x", ":-1"]), st.text(max_size=20)),
    st.sampled_from(["http://[fe80::1%25eth0]/", "http://[v1.x]/", "http://" + "a" * 300 + "/", "http://a..b/",
                     "http://\u2025/", "http://xn--/", "http://0x7f.1/", "http://127.1:80/", "http://①②⑦.0.0.1/"]),
)  # fmt: skip
HEADERS = st.dictionaries(st.text(max_size=10), st.text(max_size=20), max_size=3)
PROXIES = st.one_of(
    st.none(), st.just(""), st.text(max_size=30),
    st.sampled_from(["socks5://127.0.0.1:1080", "ftp://127.0.0.1", "http://", "127.0.0.1:3128", "http://127.0.0.1:x"]),
)  # fmt: skip


@given(URLS, HEADERS, PROXIES)
@settings(max_examples=150, deadline=None)
def test_whatever_is_to_be_asked_nothing_raises_and_nothing_inside_is_reached(url, headers, proxy):
    account = Account(1, 1, "acme", proxy=proxy)
    answer = send(url, headers=headers, allowed=(), names=leads_to("127.0.0.1"), account=account, total_s=2.0)
    assert answer.error is not None and not answer.body


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "127.0.0.1:3128", "", "http://"])
def test_a_proxy_that_is_none_is_named_and_nobody_is_asked_without_it(proxy):
    with serving(lambda seen: Says(b"in")) as server:
        answer = send(server.url, account=Account(1, 1, "acme", proxy=proxy))
    assert answer.error_kind == "refused" and "proxy" in answer.error and not server.seen


def test_many_proxies_at_once_do_not_cut_each_other_off():
    async def slow(seen):
        await asyncio.sleep(1)
        return Says(b"by proxy")

    async def all_(port):
        async with Gateway(LOOPBACK, Bounds(total_s=10)) as gateway:
            known = [Account(n, 1, "acme", proxy=f"http://u{n}:p@127.0.0.1:{port}") for n in range(100)]
            waves, request = [], Outgoing("GET", "http://carrier.example/x")
            for some in (known[:64], known[64:]):
                waves += [asyncio.ensure_future(gateway.send(request, one)) for one in some]
                await asyncio.sleep(0.3)
            return await asyncio.gather(*waves), len(gateway._ways)

    with serving(slow) as way:
        answers, kept = asyncio.run(all_(way.port))
    assert [answer.body for answer in answers] == [b"by proxy"] * 100 and kept <= 64


def test_a_body_packed_in_several_pieces_is_whole():
    packed = gzip.compress(b"first ") + gzip.compress(b"second")
    with serving(lambda seen: Says(packed, headers={"Content-Encoding": "gzip"})) as server:
        assert send(server.url).body == b"first second"


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=5), st.integers(0, 200))
def test_pieces_together_are_no_larger_than_is_allowed(pieces, most):
    packed = b"".join(gzip.compress(one) for one in pieces)
    try:
        assert unpack(packed, most) == b"".join(pieces)
    except TooLarge:
        assert sum(map(len, pieces)) > most


def test_a_bomb_in_many_small_pieces_is_not_unpacked():
    one = gzip.compress(bytes(1_000_000), 9)
    with pytest.raises(TooLarge):
        unpack(one * 500, 8_000_000)


def test_a_bomb_behind_a_bad_header_is_not_unpacked_either():
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    with pytest.raises(TooLarge):
        unpack(raw.compress(bytes(50_000_000)) + raw.flush(), 8_000_000)


@given(st.text(max_size=40) | st.sampled_from(["²", "٣", "9" * 5000, "-5", "1e9", "Thu, 32 Foo 2026", "1 Jan 2026 00:00:00 +9999999999"]),
       st.text(max_size=20) | st.just("Mon, 23 Nov 2026 03:00:00 GMT"))  # fmt: skip
def test_whatever_a_server_says_of_when_to_come_again_is_read_or_passed_over(said, date):
    wait = retry_after({"retry-after": said, "date": date})
    assert wait is None or wait >= 0


def test_names_that_nobody_resolves_keep_no_other_name_waiting():
    """A name server that hangs holds one thread for each name, however many ask for it."""
    release = threading.Event()

    def look_up(host, port):
        if host == "slow.example":
            release.wait(10)
        return ["127.0.0.1"]

    async def run(names, url):
        async with Gateway(LOOPBACK, Bounds(total_s=5), names) as gateway:
            hanging = [
                asyncio.ensure_future(gateway.send(Outgoing("GET", "http://slow.example/"), Account(n, 1, "slow")))
                for n in range(100)
            ]
            await asyncio.sleep(0.2)
            started = time.monotonic()
            good = await gateway.send(Outgoing("GET", url), Account(2, 2, "good"))
            took = time.monotonic() - started
            release.set()
            for one in hanging:
                one.cancel()
            return good, took

    with serving(lambda seen: Says(b"ok")) as server:
        good, took = asyncio.run(run(SystemNames(look_up), f"http://good.example:{server.port}/"))
    assert good.body == b"ok" and took < 1


def test_a_name_is_looked_up_anew_for_whoever_comes_later():
    seen = []

    def look_up(host, port):
        seen.append(host)
        return ["127.0.0.1"]

    async def twice():
        names = SystemNames(look_up)
        return [await names("a.example", 80), await names("a.example", 80)]

    assert asyncio.run(twice()) == [["127.0.0.1"]] * 2 and len(seen) == 2


def test_one_who_gives_up_waiting_for_a_name_takes_it_from_nobody():
    def look_up(host, port):
        time.sleep(0.3)
        return ["127.0.0.1"]

    async def run():
        names = SystemNames(look_up)
        first, second = (asyncio.ensure_future(names("a.example", 80)) for _ in range(2))
        await asyncio.sleep(0.05)
        first.cancel()
        return await second

    assert asyncio.run(run()) == ["127.0.0.1"]


class Gate:
    """Lets requests go, so many."""

    def __init__(self, most=99):
        self.most, self.times = most, []

    async def leave(self):
        if len(self.times) >= self.most:
            raise NotNowError
        self.times.append(time.monotonic())


def let(url, gate, names=None, account=ACCOUNT):
    async def once():
        async with Gateway(LOOPBACK, Bounds(total_s=5), **({"names": names} if names else {})) as gateway:
            return await gateway.send(Outgoing("GET", url, leave=gate.leave), account)

    return asyncio.run(once())


def test_every_request_of_a_redirect_is_let_go_by_itself():
    def answer(seen):
        return Says(b"there") if seen.path == "/0" else Says(status=302, headers={"Location": "/0"})

    gate = Gate()
    with serving(answer) as server:
        assert let(f"{server.url}/1", gate).body == b"there" and len(gate.times) == 2 == len(server.seen)
        with pytest.raises(NotNowError):
            let(f"{server.url}/1", Gate(1))
    assert len(server.seen) == 3


def test_a_request_is_let_go_when_the_connection_is_there_and_not_before():
    async def names(host, port):
        await asyncio.sleep(0.6)
        return ["127.0.0.1"]

    times = []

    def answer(seen):
        times.append(time.monotonic())
        return Says(b"ok")

    gate = Gate()
    with serving(answer) as server:
        assert let(f"http://carrier.example:{server.port}/", gate, names).body == b"ok"
    assert 0 <= times[0] - gate.times[0] < 0.3


def test_by_a_proxy_too_each_request_is_let_go_once():
    gate = Gate()
    with serving(lambda seen: Says(b"by proxy")) as way:
        account = Account(1, 1, "acme", proxy=f"http://127.0.0.1:{way.port}")
        assert let("http://carrier.example/track", gate, account=account).body == b"by proxy"
        let("https://carrier.example/track", gate, account=account)  # the proxy does not connect
    assert len(gate.times) == 1 == len(way.seen)


def test_a_refused_answer_keeps_no_secret_in_its_words():
    answer = send(
        "http://127.0.0.1:1/?key=hush", account=Account(1, 1, "a", {"k": "hush"}, "http://me:hush@127.0.0.1:1")
    )
    assert isinstance(answer, Answer) and "hush" not in repr(answer)
