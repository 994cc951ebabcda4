"""What leaves for each carrier and family: its address, its body, and a signature worked out here a second time."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from lxml import etree

from everyleg.app.plugins import registry
from everyleg.ports.asking import Ask
from everyleg.ports.carrier_source import CarrierSource
from everyleg.ports.manifest.request import Recipe, Setting, spelled_out

NOW = datetime(2026, 10, 8, 4, 30, 15, tzinfo=UTC)
MS, IN_CHINA = "1791433815000", "2026-10-08 12:30:15"
KEY = b64encode(b"sixteen-bytes-16").decode()
FORWARDER = {"base_url": "https://tms.example"}
ACCOUNT = {
    **dict.fromkeys(("app_id", "app_key", "account", "api_account", "authorization"), "a"),
    **dict.fromkeys(("app_secret", "secret", "password"), "s"),
    **dict.fromkeys(("token", "app_token"), "<t>"),
    **dict.fromkeys(("source_key", "private_key"), "k"),
    "partner_id": "p",
    "checkword": "c",
    "platform": "P",
    "client_id": "c",
    "customer_code": "c",
    "user_id": "u",
    "sender_no": "1",
    "sign_key": KEY,
    "access_token": "t",
}
"""Made-up settings of an account with every carrier."""


def asked(slug, *numbers, **settings):
    """The request for some numbers, with an account's settings over the manifest's."""
    manifest = registry().manifest(slug)
    request, token = spelled_out(manifest.request)
    known = {**ACCOUNT, **manifest.settings, **settings} | ({token.name: "T0KEN"} if token else {})
    asks = [Ask(number, slug, {"phone_tail": "0000"}) for number in numbers]
    return Recipe(request).make(Setting(asks, known, NOW))


def form(request):
    return {name: value for name, (value,) in parse_qs(request.body.decode(), strict_parsing=True).items()}


def query(request):
    return {name: value for name, (value,) in parse_qs(urlsplit(request.url).query, strict_parsing=True).items()}


def md5(text):
    return hashlib.md5(text.encode())  # noqa: S324 - theirs


def md5_base64(text):
    return b64encode(md5(text).digest()).decode()


def test_yunexpress_signs_date_method_and_path():
    sent = asked("yunexpress", "YT2629900700000017")
    text = f"date={MS}&method=GET&uri=/v1/track-service/info/get"
    assert (sent.headers["token"], sent.headers["date"]) == ("T0KEN", MS)
    assert b64decode(sent.headers["sign"]) == hmac.digest(b"s", text.encode(), "sha256")


def test_4px_signs_its_sorted_names_the_body_and_the_secret():
    sent = asked("4px", "4PX3000000000017CN")
    text = f"app_keyaformatjsonmethodtr.order.tracking.gettimestamp{MS}v1.0.0{sent.body.decode()}s"
    assert query(sent)["sign"] == md5(text).hexdigest()
    assert json.loads(sent.body) == {"deliveryOrderNo": "4PX3000000000017CN"}


def test_sf_signs_the_url_encoded_question():
    sent = form(asked("sf-international", "SF0000000000017", "SF0000000000025"))
    assert json.loads(sent["msgData"])["trackingNumber"] == ["SF0000000000017", "SF0000000000025"]
    assert json.loads(sent["msgData"])["checkPhoneNo"] == "0000"
    assert sent["msgDigest"] == md5_base64(quote_plus(f"{sent['msgData']}{sent['timestamp']}c", safe="*"))


def test_winit_puts_its_token_around_the_sorted_names():
    sent = json.loads(asked("winit", "ID1", "ID2").body)
    text = (
        f'<t>actiontracking.getOrderTrackingapp_keyadata{{"trackingNOs":"ID1,ID2"}}formatjsonplatformP'
        f"sign_methodmd5timestamp{IN_CHINA}version1.0<t>"
    )
    assert (sent["sign"], sent["data"]) == (md5(text).hexdigest().upper(), {"trackingNOs": "ID1,ID2"})


def test_etower_signs_method_date_and_the_whole_address():
    sent = asked("ubi", "33EXAMPLE1", "33EXAMPLE2")
    text = "POST\nThu, 08 Oct 2026 04:30:15 GMT\nhttps://cn.etowertech.com/services/shipper/trackingEvents"
    mac = b64encode(hmac.digest(b"s", text.encode(), "sha1")).decode()
    assert sent.headers["Authorization"] == f"WallTech <t>:{mac}"
    assert json.loads(sent.body) == ["33EXAMPLE1", "33EXAMPLE2"]


def test_ems_seals_the_question_and_the_key():
    sent = form(asked("china-ems", "EA000000017CN"))
    decryptor = Cipher(algorithms.SM4(b64decode(KEY)), modes.ECB()).decryptor()  # noqa: S305 - theirs
    sealed = b64decode(sent["logitcsInterface"].removeprefix("|$4|"))
    text = decryptor.update(sealed) + decryptor.finalize()
    assert text[: -text[-1]].decode() == f'{{"waybillNo": "EA000000017CN", "direction": "0"}}{KEY}'
    assert (sent["apiCode"], sent["timeStamp"]) == ("040001", IN_CHINA)


def test_zto_digests_body_and_secret():
    sent = asked("zto", "73100000000017")
    assert sent.headers["x-dataDigest"] == md5_base64(sent.body.decode() + "s")
    assert json.loads(sent.body) == {"billCode": "73100000000017", "mobilePhone": "0000"}


def test_yto_is_asked_at_the_customer_s_own_address():
    address = "https://openapi.yto.example/service/waybill_query/v1/abc"
    request = asked("yto", "YT0000000000017", base_url=address)
    sent = form(request)
    assert (request.url, json.loads(sent["param"])) == (address, {"NUMBER": "YT0000000000017"})
    assert sent["sign"] == md5_base64(f"{sent['param']}yto.Marketing.WaybillTrace1.01s")


def test_sto_digests_its_content():
    sent = form(asked("sto", "770000000000017"))
    assert sent["data_digest"] == md5_base64(sent["content"] + "s")
    assert json.loads(sent["content"])["waybillNoList"] == ["770000000000017"]


def test_yunda_glues_body_and_secret():
    sent = asked("yunda", "4300000000017")
    assert sent.headers["sign"] == md5(f"{sent.body.decode()}_s").hexdigest()
    (before,) = registry().manifest("yunda").request.before
    assert before.once, "a number is subscribed before it is asked for"


@pytest.mark.parametrize("slug", ["jt-express", "jt-express-eg", "jt-express-vn", "jt-express-mx"])
def test_jt_has_one_interface_and_a_host_for_each_country(slug):
    own = {} if registry().manifest(slug).settings else FORWARDER
    request = asked(slug, "JT1", "JT2", **own)
    sent = form(request)
    assert json.loads(sent["bizContent"])["billCodes"] == "JT1,JT2"
    assert request.headers["digest"] == md5_base64(sent["bizContent"] + "k")
    assert request.url.endswith("/webopenplatformapi/api/logistics/trace")


def test_jt_in_malaysia_wants_the_customer_and_takes_one_number():
    sent = form(asked("jt-express-my", "JT1"))
    assert json.loads(sent["bizContent"]) == {"customerCode": "c", "password": "s", "billCode": "JT1"}


def test_jcex_asks_in_base64():
    sent = query(asked("jcex", "JC1"))
    assert json.loads(b64decode(sent["data_body"])) == {
        "customerid": "-1",
        "waybillnumber": "JC1",
        "isdisplaydetail": "true",
    }


def test_wanb_has_a_header_of_its_own():
    sent = asked("wanb", "WB1")
    scheme, _, rest = sent.headers["Authorization"].partition(" ")
    account, token, nonce = rest.split(";")
    assert (scheme, account, token, len(nonce) <= 32) == ("Hc-OweDeveloper", "a", "<t>", True)


def test_the_open_track_of_hualei_nextsls_and_niumen_wants_an_address_only():
    asks = {slug: asked(slug, "N1", **FORWARDER).url for slug in ("hualei", "nextsls", "niumen")}
    assert asks == {
        "hualei": "https://tms.example/selectTrack.htm?documentCode=N1",
        "nextsls": "https://tms.example/tracking/app?inajax=1&tracking_number=N1",
        "niumen": "https://tms.example/cgi-bin/GInfo.dll?EmsApiTrack&ntype=10000&cp=65001&cno=N1",
    }


def test_k5_asks_for_several_numbers_at_once():
    sent = asked("k5", "N1", "N2", **FORWARDER)
    assert json.loads(sent.body) == {
        "Verify": {"Clientid": "c", "Token": "<t>"},
        "Datas": [{"TrackNumber": "N1"}, {"TrackNumber": "N2"}],
    }


def test_rtb_sends_a_form_and_eccang_an_envelope():
    rtb = form(asked("rtb", "N1", **FORWARDER))
    assert (rtb["serviceMethod"], json.loads(rtb["paramsJson"])) == ("gettrack", {"tracking_number": "N1"})
    envelope = etree.fromstring(asked("eccang", "N1", "N2", **FORWARDER).body)
    said = {element.tag: element.text for element in envelope.iter() if element.text}
    assert json.loads(said.pop("paramsJson")) == {"codes": ["N1", "N2"]}
    assert said == {"appToken": "<t>", "appKey": "a", "service": "getCargoTrack"}


BATCHES = {"yanwen": 30, "cainiao": 10, "sf-international": 10, "winit": 20, "chukou1": 20, "jt-express": 30, "k5": 30}


@pytest.mark.parametrize(
    ("slug", "batch"),
    [*BATCHES.items(), ("eccang", 20), ("etower", 200), ("yunexpress", 1), ("4px", 1), ("hualei", 1), ("rtb", 1)],
)
def test_a_request_takes_as_many_numbers_as_the_carrier_does(slug, batch):
    assert CarrierSource(registry().manifest(slug)).batch == batch
