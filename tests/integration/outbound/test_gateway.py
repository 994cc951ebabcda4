"""The one way out: what it refuses, what it limits, and that nothing raises; over real HTTP."""

import asyncio
import gzip
import ipaddress
import time
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from everyleg.ports.answer import Answer, transport_fault
from everyleg.ports.asking import Account, Outgoing
from everyleg.ports.outbound.addresses import is_allowed, is_public, parse_networks
from everyleg.ports.outbound.bodies import TooLarge, unpack
from everyleg.ports.outbound.gateway import Bounds, Gateway
from tests.integration.outbound.servers import Says, drip, serving

LOOPBACK = parse_networks("127.0.0.0/8, ::1")
OUTSIDE = parse_networks("127.0.0.2/32")
"""What stands for the internet where 127.0.0.1 stands for inside."""
ACCOUNT = Account(1, 1, "acme")


def send(url, *, method="GET", headers=None, body=b"", allowed=LOOPBACK, names=None, account=ACCOUNT, **bounds):
    async def once():
        known = {"names": names} if names else {}
        async with Gateway(allowed, Bounds(**bounds), **known) as gateway:
            return await gateway.send(Outgoing(method, url, headers or {}, body), account)

    return asyncio.run(once())


def leads_to(*addresses):
    """A name server that gives these, one a question."""
    left = list(addresses)

    async def names(host, port):
        return [left.pop(0) if len(left) > 1 else left[0]]

    return names


def test_an_answer_is_given_as_it_came():
    with serving(lambda seen: Says(b'{"a": 1}', 404, {"Retry-After": "7"})) as server:
        answer = send(f"{server.url}/track?n=A%2FB", method="POST", headers={"X-Key": "k"}, body=b"{}")
    seen = server.seen[0]
    assert (answer.body, answer.status, answer.headers["retry-after"], answer.error) == (b'{"a": 1}', 404, "7", None)
    assert (seen.method, seen.query, seen.headers["x-key"], seen.body) == ("POST", "n=A%2FB", "k", b"{}")
    assert seen.headers["user-agent"].startswith("Everyleg/")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]", "0"]
)
def test_this_machine_is_refused_however_it_is_written(host):
    with serving(lambda seen: Says(b"secret")) as server:
        answer = send(f"http://{host}:{server.port}/", allowed=())
    assert answer.error_kind == "refused" and "not a public address" in answer.error and not server.seen


@pytest.mark.parametrize(
    "url", ["ftp://example.com/x", "file:///etc/passwd", "//example.com", "http://", "http://a:b@c/", ""]
)
def test_only_plain_web_addresses_are_asked(url):
    answer = send(url)
    assert answer.error is not None and answer.error_kind == "refused"


@pytest.mark.parametrize(
    "address",
    ["10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200", "0.0.0.8", "224.0.0.1", "255.255.255.255",
     "192.0.2.1", "198.18.0.1", "240.0.0.1", "::", "::1", "fe80::1", "fe80::1%2", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1",
     "64:ff9b::10.0.0.1", "2002:7f00:1::", "2001:db8::1", "192.0.0.192", "192.88.99.1", "168.63.129.16", "::127.0.0.1",
     "::ffff:0:127.0.0.1", "fec0::1", "64:ff9b:1::10.0.0.1", "100::1", "2001::7f00:1", "3fff::1", "5f00::1", "2002:a9fe:a9fe::"],
)  # fmt: skip
def test_no_address_that_is_not_of_the_public_internet_is_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_public_addresses_are_public(address):
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_a_v6_form_of_any_address_is_judged_as_the_address(address):
    mapped = ipaddress.IPv6Address(int(ipaddress.IPv6Address("::ffff:0:0")) + int(address))
    assert is_public(mapped) == is_public(address)
    assert is_allowed(mapped, [ipaddress.ip_network(f"{address}/32")])


def test_a_name_that_leads_inside_is_refused_and_one_that_the_operator_allows_is_asked_by_its_name():
    with serving(lambda seen: Says(b"in")) as server:
        url = f"http://carrier.example:{server.port}/"
        refused = send(url, allowed=(), names=leads_to("127.0.0.1"))
        allowed = send(url, names=leads_to("127.0.0.1"))
    assert refused.error_kind == "refused" and allowed.body == b"in"
    assert [seen.headers["host"] for seen in server.seen] == [f"carrier.example:{server.port}"]


def test_a_name_that_leads_elsewhere_the_second_time_cannot_slip_through():
    """Rebinding: the address that was checked is the one connected to, so a second look-up is a second check."""

    async def twice(url):
        async with Gateway(OUTSIDE, names=leads_to("127.0.0.2", "127.0.0.1")) as gateway:
            return [await gateway.send(Outgoing("GET", url), ACCOUNT) for _ in range(2)]

    hangs_up = Says(b"outside", headers={"Connection": "close"})
    with (
        serving(lambda seen: hangs_up, "127.0.0.2") as outside,
        serving(lambda seen: Says(b"inside"), port=outside.port) as inside,
    ):
        first, second = asyncio.run(twice(f"http://carrier.example:{outside.port}/"))
    assert first.body == b"outside" and second.error_kind == "refused" and not inside.seen


def test_a_name_that_leads_partly_inside_is_refused_whole():
    async def names(host, port):
        return ["8.8.8.8", "127.0.0.1"]

    assert send("http://carrier.example/", allowed=(), names=names).error_kind == "refused"


def test_a_name_without_address_is_unreachable():
    async def names(host, port):
        raise OSError("no such name")

    assert send("http://carrier.example/", names=names).error_kind == "unreachable"


def test_a_redirect_inside_is_refused():
    with serving(lambda seen: Says(b"metadata")) as inside:
        moved = Says(status=302, headers={"Location": f"http://127.0.0.1:{inside.port}/latest"})
        with serving(lambda seen: moved, "127.0.0.2") as outside:
            answer = send(f"{outside.url}/", allowed=OUTSIDE)
    assert (
        answer.error_kind == "unreachable"
        and "not a public address" in answer.error
        and len(outside.seen) == 1
        and not inside.seen
    )


def test_redirects_are_followed_so_far_and_no_farther():
    def answer(seen):
        step = int(seen.path[1:])
        return Says(b"there") if step == 0 else Says(status=302, headers={"Location": f"/{step - 1}"})

    with serving(answer) as server:
        assert send(f"{server.url}/3").body == b"there"
        assert "redirects" in send(f"{server.url}/4").error


def test_a_redirect_to_another_server_takes_no_secret_along():
    with serving(lambda seen: Says(b"other")) as other:
        with serving(lambda seen: Says(status=302, headers={"Location": other.url})) as server:
            send(server.url, headers={"Authorization": "Bearer s", "X-Api-Key": "s", "Accept": "text/xml"})
        with serving(lambda seen: Says(status=307, headers={"Location": other.url})) as server:
            answer = send(server.url, method="POST", body=b"password=s")
    assert len(other.seen) == 1 and answer.error_kind == "unreachable" and "another server" in answer.error
    assert "s" not in {other.seen[0].headers.get("authorization"), other.seen[0].headers.get("x-api-key")}
    assert other.seen[0].headers["accept"] == "text/xml"


def test_no_cookie_of_one_account_is_sent_for_another():
    async def twice(url):
        async with Gateway(LOOPBACK) as gateway:
            for account in (ACCOUNT, Account(2, 2, "acme")):
                await gateway.send(Outgoing("GET", url), account)

    with serving(lambda seen: Says(headers={"Set-Cookie": "session=1"})) as server:
        asyncio.run(twice(server.url))
    assert ["cookie" in seen.headers for seen in server.seen] == [False, False]


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lambda b: zlib.compress(b)[2:-4]])
def test_packed_answers_are_unpacked(pack):
    coding = "gzip" if pack is gzip.compress else "deflate"
    with serving(lambda seen: Says(pack(b"<a/>" * 99), headers={"Content-Encoding": coding})) as server:
        assert send(server.url).body == b"<a/>" * 99


def test_a_bomb_is_not_unpacked():
    bomb = gzip.compress(bytes(64_000_000))
    with serving(lambda seen: Says(bomb, headers={"Content-Encoding": "gzip"})) as server:
        started = time.monotonic()
        answer = send(server.url)
    assert answer.error_kind == "unreadable" and "larger" in answer.error and time.monotonic() - started < 2


@given(st.binary(max_size=300), st.integers(min_value=0, max_value=400))
def test_any_body_is_unpacked_to_at_most_what_is_allowed(body, most):
    try:
        assert unpack(gzip.compress(body), most) == body and len(body) <= most
    except TooLarge:
        assert len(body) > most


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (Says(b"x" * 5000), "larger"),
        (Says(b"garbage", headers={"Content-Encoding": "gzip"}), "unpacked"),
        (Says(gzip.compress(b"a" * 900)[:-9], headers={"Content-Encoding": "gzip"}), "whole"),
        (Says(b"x", headers={"Content-Encoding": "br"}), "br"),
    ],
)
def test_answers_that_are_too_large_or_garbled_say_so(says, words):
    with serving(lambda seen: says) as server:
        answer = send(server.url, body_bytes=4000)
    assert words in answer.error and answer.error_kind == "unreadable"


def test_an_answer_that_drips_is_cut_off_in_time():
    with serving(lambda seen: Says(parts=drip)) as server:
        started = time.monotonic()
        answer = send(server.url, total_s=0.5)
    assert "0.5 s" in answer.error and transport_fault(answer).kind == "unreachable"
    assert time.monotonic() - started < 3


def test_a_server_that_hangs_keeps_nobody_else_waiting():
    async def answer(seen):
        if seen.path == "/hangs":
            await asyncio.sleep(30)
        return Says(b"ok")

    async def both(url):
        async with Gateway(LOOPBACK, Bounds(total_s=5)) as gateway:
            hanging = [
                asyncio.ensure_future(gateway.send(Outgoing("GET", f"{url}/hangs"), ACCOUNT)) for _ in range(150)
            ]
            await asyncio.sleep(0.3)
            started = time.monotonic()
            good = await gateway.send(Outgoing("GET", url), Account(2, 2, "other"))
            for one in hanging:
                one.cancel()
            return good, time.monotonic() - started

    with serving(answer) as server:
        good, took = asyncio.run(both(server.url))
    assert good.body == b"ok" and took < 1


def test_a_connection_that_nobody_answers_is_unreachable():
    with serving(lambda seen: Says()) as server:
        port = server.port
    assert send(f"http://127.0.0.1:{port}/") == Answer(error="no connection")


def certificate(folder, name):
    """Files of a key and a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "key.pem", folder / "cert.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    files[0].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    files[1].write_bytes(made.public_bytes(pem))
    return tuple(map(str, files))


def test_a_server_is_known_by_the_certificate_of_its_name_and_by_no_other(tmp_path, monkeypatch):
    files = certificate(tmp_path, "carrier.example")
    with serving(lambda seen: Says(b"in secret"), cert=files) as server:
        ask = [f"https://{host}:{server.port}/" for host in ("carrier.example", "other.example")]
        stranger = send(ask[0], names=leads_to("127.0.0.1"))
        monkeypatch.setenv("SSL_CERT_FILE", files[1])
        known, other = (send(url, names=leads_to("127.0.0.1")) for url in ask)
    assert known.body == b"in secret" and len(server.seen) == 1
    assert "certificate" in stranger.error and "certificate" in other.error


def test_an_account_with_a_proxy_is_asked_through_it():
    def proxy(seen):
        return Says(b"by proxy")

    with serving(proxy) as way:
        known = Account(1, 1, "acme", proxy=f"http://user:pass@127.0.0.1:{way.port}")
        answer = send("http://carrier.example/track", account=known)
    assert answer.body == b"by proxy" and way.seen[0].headers["host"] == "carrier.example"
    assert "proxy-authorization" in way.seen[0].headers


def test_a_proxy_inside_is_refused_unless_allowed():
    known = Account(1, 1, "acme", proxy="http://127.0.0.1:3128")
    assert send("http://carrier.example/", account=known, allowed=()).error_kind == "refused"


def test_a_literal_address_inside_is_not_asked_through_a_proxy_either():
    with serving(lambda seen: Says(b"in")) as way:
        known = Account(1, 1, "acme", proxy=f"http://127.0.0.1:{way.port}")
        answer = send("http://169.254.169.254/latest", account=known)
    assert answer.error_kind == "refused" and not way.seen
