"""What leaves for each last-mile carrier: its address, its login, its body; signatures worked out here a second time."""

import hashlib
import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from lxml import etree

from everyleg.app.plugins import registry
from everyleg.ports.asking import Ask
from everyleg.ports.manifest.request import Recipe, Setting, spelled_out

NOW = datetime(2026, 10, 8, 4, 30, 15, tzinfo=UTC)


def calls(slug):
    """The carrier's request, and how its token is fetched."""
    return spelled_out(registry().manifest(slug).request)


def made(slug, call, *numbers, **known):
    """What leaves for some numbers; a setting's value is its own name unless it is said."""
    manifest = registry().manifest(slug)
    settings = {name: name for name in manifest.needs.settings} | manifest.settings | {"access_token": "T0KEN"} | known
    asks = [Ask(number, slug, dict.fromkeys(manifest.needs.fields, "2000")) for number in numbers]
    return Recipe(call).make(Setting(asks, settings, NOW))


def asked(slug, *numbers, **known):
    request, token = calls(slug)
    return made(slug, request, *numbers, **({token.name: "T0KEN"} if token else {}), **known)


def token_of(slug):
    _, token = calls(slug)
    return made(slug, token, "A1")


def basic(login):
    return "Basic " + b64encode(login.encode()).decode()


@pytest.mark.parametrize(
    ("slug", "numbers", "url"),
    [
        ("usps", "A1", "https://apis.usps.com/tracking/v3/tracking/A1?expand=DETAIL"),
        ("ups", "A1", "https://onlinetools.ups.com/api/track/v1/details/A1?locale=en_US&returnSignature=false"),
        (
            "dhl-express",
            "A1 B2",
            "https://express.api.dhl.com/mydhlapi/tracking?shipmentTrackingNumber=A1,B2&trackingView=all-checkpoints&levelOfDetail=all",
        ),
        (
            "gls",
            "A1 B2",
            "https://api.gls-group.net/track-and-trace-v1/tracking/simple/trackids/A1,B2?showEvents=true",
        ),
        (
            "ontrac",
            "A1 B2",
            "https://www.shipontrac.net/OnTracWebServices/OnTracServices.svc/V7/account/shipments?pw=password&tn=A1,B2&requestType=track",
        ),
        ("inpost", "A1", "https://api-shipx-pl.easypack24.net/v1/tracking/A1"),
        ("postnl", "A1", "https://api.postnl.nl/shipment/v2/status/barcode/A1?detail=true&language=NL"),
        (
            "postnord",
            "A1",
            "https://api2.postnord.com/rest/shipment/v5/trackandtrace/findByIdentifier.json?id=A1&locale=en&apikey=api_key",
        ),
        ("nz-post", "A1", "https://api.nzpost.co.nz/parceltrack/3.0/parcels/A1"),
        ("delhivery", "A1 B2", "https://track.delhivery.com/api/v1/packages/json/?waybill=A1,B2"),
        ("correios", "A1", "https://api.correios.com.br/srorastro/v1/objetos/A1?resultado=T"),
        ("cdek", "A1", "https://api.cdek.ru/v2/orders?cdek_number=A1"),
        ("uniuni", "A1", "https://delivery-api.uniuni.ca/cargo/trackinguniuninew?id=A1&key=page_key&source=web"),
        (
            "australia-post",
            "A1 B2",
            "https://digitalapi.auspost.com.au/shipping/v1/track?tracking_ids=A1,B2",
        ),
        ("canada-post", "A1", "https://soa-gw.canadapost.ca/vis/track/pin/A1/detail"),
        ("royal-mail", "A1", "https://api.royalmail.net/mailpieces/v2/A1/events"),
    ],
)
def test_a_number_stands_where_the_carrier_looks_for_it(slug, numbers, url):
    out = asked(slug, *numbers.split())
    assert (out.method, out.url, out.body) == ("GET", url, b"")


@pytest.mark.parametrize(
    ("slug", "header", "value"),
    [
        ("usps", "Authorization", "Bearer T0KEN"),
        ("dhl-express", "Authorization", basic("username:password")),
        ("delhivery", "Authorization", "Token api_token"),
        ("postnl", "apikey", "api_key"),
        ("nz-post", "client_id", "client_id"),
        ("royal-mail", "X-IBM-Client-Secret", "client_secret"),
        ("australia-post", "Account-Number", "account_number"),
        ("amazon-logistics", "x-amz-access-token", "T0KEN"),
    ],
)
def test_an_account_shows_itself_as_the_carrier_wants(slug, header, value):
    assert asked(slug, "A1").headers[header] == value


@pytest.mark.parametrize(
    ("slug", "url", "body"),
    [
        ("usps", "https://apis.usps.com/oauth2/v3/token", b"grant_type=client_credentials&client_id=client_id&client_secret=client_secret"),
        ("ups", "https://onlinetools.ups.com/security/v1/oauth/token", b"grant_type=client_credentials"),
        ("nz-post", "https://oauth.nzpost.co.nz/as/token.oauth2", b"grant_type=client_credentials&client_id=client_id&client_secret=client_secret"),
        ("cdek", "https://api.cdek.ru/v2/oauth/token", b"grant_type=client_credentials&client_id=client_id&client_secret=client_secret"),
        ("correios", "https://api.correios.com.br/token/v1/autentica/cartaopostagem", b'{"numero": "posting_card"}'),
        (
            "amazon-logistics",
            "https://api.amazon.com/auth/o2/token",
            b"grant_type=refresh_token&refresh_token=refresh_token&client_id=client_id&client_secret=client_secret",
        ),
    ],
)  # fmt: skip
def test_a_token_is_fetched_where_the_carrier_gives_it(slug, url, body):
    out = token_of(slug)
    assert (out.method, out.url, out.body) == ("POST", url, body)


def test_correios_gives_its_token_for_the_access_code_of_a_posting_card():
    assert token_of("correios").headers["Authorization"] == basic("username:access_code")


def test_fedex_takes_many_numbers_in_one_body():
    said = json.loads(asked("fedex", "A1", "B2").body)
    assert [one["trackingNumberInfo"]["trackingNumber"] for one in said["trackingInfo"]] == ["A1", "B2"]


def test_gofo_and_aramex_take_many_numbers_in_one_body():
    assert json.loads(asked("gofo", "A1", "B2").body) == {"numberList": ["A1", "B2"]}
    assert json.loads(asked("aramex", "A1", "B2").body)["Shipments"] == ["A1", "B2"]


def test_singapore_post_takes_many_numbers_in_one_document():
    tree = etree.fromstring(asked("singapore-post", "A1", "B2").body)
    assert [node.text for node in tree.iterfind(".//{*}TrackingNumber")] == ["A1", "B2"]


def test_mondial_relay_is_signed_with_the_md5_of_everything_that_is_said_and_the_key():
    tree = etree.fromstring(asked("mondial-relay", "A1", enseigne="BDTEST13", private_key="pk").body)
    digest = hashlib.md5(b"BDTEST13A1FRpk").hexdigest().upper()  # noqa: S324 - theirs
    assert [tree.findtext(f".//{{*}}{name}") for name in ("Enseigne", "Expedition", "Security")] == [
        "BDTEST13",
        "A1",
        digest,
    ]


@pytest.mark.parametrize("slug", ["russian-post", "mondial-relay", "singapore-post", "purolator", "dpd"])
def test_a_number_that_means_something_in_xml_stays_a_number(slug):
    tree = etree.fromstring(asked(slug, "A&<1", host="wsshipper.dpd.nl").body)
    assert any(node.text == "A&<1" for node in tree.iter())


def test_russian_post_is_told_login_password_and_number():
    tree = etree.fromstring(asked("russian-post", "A1").body)
    assert [tree.findtext(f".//{{*}}{name}") for name in ("login", "password", "Barcode")] == [
        "username",
        "password",
        "A1",
    ]


def test_evri_wants_the_postcode_and_what_it_calls_the_parcel_itself():
    request, _ = calls("evri")
    assert made("evri", request.before[0], "A1").url.endswith("/v1/parcels/reference/A1")
    taken = dict.fromkeys(request.before[0].take, "own-id")
    assert made("evri", request, "A1", **taken).url.endswith("/v1/parcels?uniqueIds=own-id&postcode=2000")
