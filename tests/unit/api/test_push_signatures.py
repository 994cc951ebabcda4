"""Signatures of pushes: vectors computed elsewhere, and whatever else is given is refused."""

import base64
import datetime as dt
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyleg.api.intake.doors import schemes
from everyleg.api.intake.signing import Pushed, verifier
from everyleg.ports.push import Signature, form_field

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
STAMP = str(int(NOW.timestamp()))


def lets(spec, secret, body=b"", now=NOW, query=b"", **headers):
    given_headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return verifier(spec, secret)(Pushed(given_headers, query, body), now)


def scheme(name):
    return schemes()[name].signature


def test_hmac_sha256_is_that_of_rfc_4231():
    body = b"what do ya want for nothing?"
    mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert lets(scheme("hmac-sha256"), "Jefe", body, x_signature=mac)
    assert lets(scheme("hmac-sha256"), "Jefe", body, x_signature=mac.upper())
    assert lets(scheme("hub-sha256"), "Jefe", body, x_hub_signature_256=f"sha256={mac}")
    assert not lets(scheme("hub-sha256"), "Jefe", body, x_hub_signature_256=mac)


def test_standard_webhooks_example():
    # the example of the specification's reference libraries
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105
    at = dt.datetime.fromtimestamp(1614265330, dt.UTC)
    said = {
        "webhook_id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook_timestamp": "1614265330",
        "webhook_signature": "v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    body = b'{"test": 2432232314}'
    assert lets(scheme("standard-webhooks"), secret, body, at, **said)
    assert not lets(scheme("standard-webhooks"), secret, body, at + dt.timedelta(minutes=6), **said)
    assert not lets(scheme("standard-webhooks"), secret, body + b" ", at, **said)


def test_aftership_and_shopify_send_base64():
    mac = base64.b64encode(hmac.digest(b"s", b"body", "sha256")).decode()
    assert lets(scheme("aftership"), "s", b"body", aftership_hmac_sha256=mac)
    assert lets(scheme("shopify"), "s", b"body", x_shopify_hmac_sha256=mac)
    assert not lets(scheme("aftership"), "s", b"body", aftership_hmac_sha256=mac.lower())


def test_trackingmore_signs_the_time():
    mac = hmac.digest(b"s", STAMP.encode(), "sha256").hex()
    assert lets(scheme("trackingmore"), "s", b"anything", timestamp=STAMP, signature=mac)
    assert not lets(
        scheme("trackingmore"), "s", b"anything", NOW + dt.timedelta(hours=1), timestamp=STAMP, signature=mac
    )
    assert not lets(scheme("trackingmore"), "s", b"anything", timestamp="soon", signature=mac)


def test_a_bearer_is_the_secret_itself():
    assert lets(scheme("bearer"), "s3", authorization="Bearer s3")
    assert not lets(scheme("bearer"), "s3", authorization="s3")
    assert not lets(scheme("bearer"), "s3", authorization="Bearer s3x")


def test_a_signature_may_stand_in_the_address():
    spec = Signature("query:sign", ["query:at", "/", "secret"], algorithm="md5", keyed=False)
    mac = hashlib.md5(b"17/key").hexdigest()  # noqa: S324
    assert lets(spec, "key", query=f"at=17&sign={mac}".encode())
    assert not lets(spec, "key", query=f"at=18&sign={mac}".encode())
    assert not lets(spec, "key", query=f"sign={mac}".encode())


@pytest.mark.parametrize("place", ["body", "header:", "cookie:x", ""])
def test_a_place_that_is_none_is_said(place):
    with pytest.raises(ValueError, match="no place"):
        verifier(Signature(place), "s")


def test_a_secret_that_has_to_be_base64_and_is_not_is_said():
    with pytest.raises(ValueError, match="Base64"):
        verifier(scheme("standard-webhooks"), "whsec_not base64!")


@given(st.sampled_from(sorted(schemes())), st.binary(max_size=200), st.text(max_size=80))
def test_nothing_that_is_made_up_is_let_in(name, body, made_up):
    spec = scheme(name)
    headers = {"webhook-id": "1", "webhook-timestamp": STAMP, "timestamp": STAMP}
    header = spec.given.partition(":")[2]
    pushed = Pushed(
        [(k.encode(), v.encode()) for k, v in {**headers, header: spec.prefix + made_up}.items()], b"", body
    )
    assert not verifier(spec, "d2hhdGV2ZXIgaXQgaXM=")(pushed, NOW)


@given(st.text())
def test_a_field_of_a_form_is_what_was_put_in(value):
    from urllib.parse import urlencode

    encoded = urlencode({"a": "1", "param": value}).encode()
    assert form_field(encoded, "param") == value.encode()
    assert form_field(encoded, "other") is None


def test_a_carriers_manifest_says_how_it_signs_or_only_that_it_pushes():
    from tests.factories.carriers import READING, carrier

    assert carrier("push: true\n" + READING).manifest.push is True
    said = carrier('push: {signature: {given: "header:x-mac", encoding: base64}}\n' + READING).manifest.push
    assert said.signature == Signature("header:x-mac", encoding="base64")
