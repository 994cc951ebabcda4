"""Every signature of the Chinese carriers' interfaces, as manifests say them; vectors by `openssl`, or published."""

from datetime import UTC, datetime

import msgspec
import pytest

from everyleg.ports.asking import Ask
from everyleg.ports.manifest.request import Recipe, Setting
from everyleg.ports.manifest.schema import Call
from everyleg.ports.outbound.signing import SigningError, work

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KNOWN = {"key": "K1", "secret": "S1", "app_secret": "app-secret"}


def signed(number="A1", *more, **call):
    """The header `sign` of a call."""
    said = {"url": "https://x.example/v1/track-service/info/get", "headers": {"sign": "{sign}"}, **call}
    asks = [Ask(one, "x", {"phone_tail": "1234"}) for one in (number, *more)]
    return Recipe(msgspec.convert(said, Call)).make(Setting(asks, KNOWN, NOW)).headers["sign"]


def sign(text, *by, key=None):
    return {"sign": {"text": text, "by": list(by), **({"key": key} if key else {})}}


def test_yunexpress_signs_date_method_and_path():
    text = "date={epoch_ms}&method={method}&uri={path}"
    values = sign(text, "hmac_sha256", "base64", key="{app_secret}")
    url = "https://x.example/v1/track-service/info/get?order_number={number}"
    assert signed(url=url, values=values) == "AZVw1g6v9LKZNfEvCv8o+VgNoCTDVwk1r5wRyB9D9SM="


def test_yunexpress_signs_a_body_before_them():
    text = "body={body}&date={epoch_ms}&method={method}&uri={path}"
    made = signed(
        "YT1",
        method="POST",
        url="https://x.example/v1/track-service/subscribe-by-order",
        body='{"waybill_numbers":["{number}"]}',
        values=sign(text, "hmac_sha256", "base64", key="{app_secret}"),
    )
    assert made == "ixIntKwcKX1g7ly3kmZ0HgOI2onwUqAU+gU6+4JMQ+c="


def test_4px_signs_sorted_names_and_the_body():
    text = "app_key{key}formatjsonmethodtr.order.tracking.gettimestamp{epoch_ms}v1.0.0{body}{secret}"
    made = signed("4PX1", method="POST", body='{"deliveryOrderNo": "{number}"}', values=sign(text, "md5", "hex"))
    assert made == "a8c7110eb96204ccb0a62534d9274776"


def test_winit_signs_with_its_token_around_in_capitals():
    text = (
        "{secret}actiontracking.getOrderTrackingapp_key{key}data{data}formatjsonplatformPsign_methodmd5"
        "timestamp{at}version1.0{secret}"
    )
    values = {
        "data": '{"trackingNOs":"{numbers}"}',
        "at": {"now": "yyyy-MM-dd HH:mm:ss", "zone": "Asia/Shanghai"},
        **sign(text, "md5", "hex_upper"),
    }
    assert signed("A", "B", values=values) == "83A3D494A4D86CEDB40AF20F9ECE1414"


def test_zto_sto_and_jt_sign_the_body_and_the_secret():
    body = '{"billCode": "{number}", "mobilePhone": "{phone_tail}"}'
    made = signed("Z1", method="POST", body=body, values=sign("{body}{secret}", "md5", "base64"))
    assert made == "jSLOO9w2yHxokoT7pIHJGQ=="


def test_sf_signs_url_encoded_text():
    text = '{"trackingNumber": ["SF1"], "memo": "顺丰 ~"}1767225600cw+/='
    encoded = "%7B%22trackingNumber%22%3A+%5B%22SF1%22%5D%2C+%22memo%22%3A+%22%E9%A1%BA%E4%B8%B0+%7E%22%7D1767225600cw%2B%2F%3D"
    assert work(text, ["url_encode"]) == encoded
    assert work(text, ["url_encode", "md5", "base64"]) == "PzfZQNGYFDZQip2uebP9oA=="


def test_yunda_joins_body_and_secret_with_an_underscore():
    values = sign("{body}_{secret}", "md5", "hex")
    assert (
        signed("Y1", method="POST", body='{"mailno": "{number}"}', values=values) == "b94ffcf05b47e630f1d0bfeda07ec760"
    )


def test_etower_signs_method_date_and_address():
    made = signed(
        method="POST",
        url="https://cn.etowertech.com/services/shipper/trackingEvents",
        values=sign("{method}\n{http_date}\n{url}", "hmac_sha1", "base64", key="{secret}"),
    )
    assert made == "mv748nfgp1KmrowmJ9U9iAMwbJE="


def test_mondial_relay_signs_in_capital_hex():
    assert work("BDTEST1312345678FRprivate", ["md5", "hex_upper"]) == "08D770B1C6C28556A16824389577CA54"


def test_ems_encrypts_the_question():
    made = work('{"waybillNo": "E1"}', ["sm4_ecb", "base64"], "ASNFZ4mrze/+3LqYdlQyEA==", "base64")
    assert made == "uRaACVIYLPWUqGT2KjCFu0hiJy5wpEv+LPOQymHZoGU="


def test_a_key_of_the_wrong_length_or_form_is_said_without_showing_it():
    for key, form in (("00ff", "hex"), ("not base64!", "base64")):
        with pytest.raises(SigningError) as raised:
            work("x", ["sm4_ecb", "hex"], key, form)
        assert key not in str(raised.value)


@pytest.mark.parametrize(
    ("steps", "key", "gives"),
    [
        (["md5", "hex"], "", "900150983cd24fb0d6963f7d28e17f72"),  # RFC 1321, A.5
        (["sha1", "hex"], "", "a9993e364706816aba3e25717850c26c9cd0d89d"),  # FIPS 180, SHA-1
        (["sha256", "hex"], "", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (["base64"], "", "YWJj"),
        (["upper"], "", "ABC"),
    ],
)
def test_steps_give_what_their_standards_say(steps, key, gives):
    assert work("abc", steps, key) == gives


def test_keyed_digests_give_what_their_standards_say():
    text, key = "what do ya want for nothing?", "Jefe"  # RFC 2202 and RFC 4231, case 2
    assert work(text, ["hmac_md5", "hex"], key) == "750c783e6ab0b503eaa86e310a5db738"
    assert work(text, ["hmac_sha1", "hex"], key) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    assert work(text, ["hmac_sha256", "hex"], key) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_bytes_that_nothing_makes_text_of_are_a_mistake_that_is_said():
    with pytest.raises(SigningError, match="base64 or hex"):
        work("abc", ["md5"])
