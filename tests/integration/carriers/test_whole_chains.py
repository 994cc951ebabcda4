"""Parcels along the chains that sellers really ship by, told by three carriers that know nothing of each other.

Nothing says which answers belong together but the numbers in them.
"""

from itertools import permutations
from pathlib import Path

import msgspec
import pytest

import everyleg.carriers
from everyleg.app.journey import join
from everyleg.app.plugins import load_hook
from everyleg.pipeline.intake import Received, receive
from everyleg.pipeline.work import drain
from everyleg.ports.answer import Answer
from everyleg.ports.kit.forwarder import Forwarder, make_forwarder
from everyleg.ports.registry import Registry
from tests.factories.site import NOW

LP, EVRI = "LP00712345678917", "H0EXAMPLE0000017"
YT, UNI = "YT2629900700000017", "UUSEXAMPLE00000017"


@pytest.fixture(scope="module")
def carriers(tmp_path_factory):
    """Every carrier, and a forwarder on HuaLei that somebody added in one step."""
    plugins = tmp_path_factory.mktemp("plugins")
    found = Registry([Path(everyleg.carriers.__file__).parent, plugins], load_hook)
    make_forwarder(found, plugins, Forwarder("bay-cargo", "hualei", "https://bay.example", "Bay Cargo", "示例湾货代"))
    return found


def hualei(number, handed_to, country, *told):
    details = [{"track_date": at, "track_content": text, "track_location": "深圳"} for at, text in told]
    parcel = {"trackingNumber": number, "business_channeltransfercode": handed_to, "consigneeCountry": country}
    return [{"ack": "true", "data": [parcel | {"trackDetails": details}]}]


def k5(number, handed_to, country, *told):
    items = [{"dateTime": at, "location": "广州", "info": text} for at, text in told]
    track = {"billid": number, "transBillid": handed_to, "countryCode": country, "status": "转运中"}
    found = {"statusCode": "success", "trackNumber": number, "track": track, "items": items}
    return {"statusCode": "success", "returnDatas": [found]}


def cainiao(number, last_mile, carrier, *told):
    details = [{"actionCode": code, "time": at, "timeZone": zone, "desc": text} for code, at, zone, text in told]
    parcel = {"mailNo": number, "originCountry": "CN", "destCountry": "GB", "status": "transport", "statusDesc": ""}
    parcel |= {"copyRealMailNo": last_mile, "destCpInfo": {"cpName": carrier}, "detailList": details[::-1]}
    return {"success": True, "module": [parcel]}


def yunexpress(number, last_mile, carrier, *told):
    events = [
        {"process_time": at, "process_utc_time": utc, "process_content": text, "track_node_code": code}
        | {"process_country": country, "process_city": city}
        for code, at, utc, country, city, text in told
    ]
    info = {"waybill_number": number, "tracking_number": last_mile, "last_mile_name": carrier}
    info |= {"origin_code": "CN", "destination_code": "US", "track_events": events}
    result = [{"order_number": number, "package_status": "T", "track_Info": info}]
    return {"success": True, "code": "0", "msg": "", "t": 1, "result": result}


def evri(number, *told):
    events = [
        {"dateTime": at, "trackingStage": {"trackingStageCode": code, "description": text}, "trackingPoint": {}}
        for code, at, text in told
    ]
    found = {"parcelIdentifiers": [{"urn": "URN1", "barcode": number}], "returnParcel": False}
    return {"results": [found | {"trackingEvents": events[::-1]}]}


def uniuni(number, *told):
    path = [
        {"state": state, "description_en": text, "pathInfo": place}
        | {"dateTime": {"timezone": "America/Chicago", "offsetByGMT": "-05:00", "localTime": "", "ts": ts}}
        for state, ts, place, text in told
    ]
    return {"data": {"valid_tno": [{"tno": number, "state": told[-1][0], "country": "US", "spath_list": path}]}}


def ms(day, hour):
    """October 2026 in UTC, as Cainiao writes an instant."""
    return 1_790_812_800_000 + ((day - 1) * 24 + hour) * 3_600_000


TO_BRITAIN = {
    "bay-cargo": hualei(
        "BAYEXAMPLE00017",
        LP,
        "GB",
        ("2026-10-05 09:00:00", "货物电子信息已经收到"),
        ("2026-10-06 16:00:00", "货物已到达深圳仓库，已入库"),
        ("2026-10-07 10:00:00", "货物已出库"),
        ("2026-10-07 12:30:00", "已交菜鸟"),
    ),
    "cainiao": cainiao(
        LP,
        EVRI,
        "Hermes GB",
        ("PU_PICKUP_SUCCESS", ms(7, 5), "GMT+08:00", "Accepted by carrier"),
        ("SC_INBOUND_SUCCESS", ms(7, 13), "GMT+08:00", "Arrived at sorting center"),
        ("CC_EX_START", ms(8, 2), "GMT+08:00", "Export clearance started"),
        ("CC_EX_SUCCESS", ms(8, 9), "GMT+08:00", "Export clearance success"),
        ("LH_DEPART", ms(9, 1), "GMT+08:00", "Leaving from departure country"),
        ("LH_ARRIVE", ms(10, 6), "GMT+01:00", "Arrived at destination country"),
        ("CC_IM_START", ms(10, 9), "GMT+01:00", "Import clearance start"),
        ("CC_IM_SUCCESS", ms(11, 8), "GMT+01:00", "Import clearance success"),
        ("GTMS_ACCEPT", ms(11, 15), "GMT+01:00", "Received by local delivery company"),
    ),
    "evri": evri(
        EVRI,
        ("0", "2026-10-07T12:00:00Z", "We're expecting your parcel"),
        ("2", "2026-10-11T17:30:00Z", "We've got it"),
        ("3", "2026-10-12T02:00:00Z", "It's at our hub"),
        ("4", "2026-10-12T06:00:00Z", "It's at the local depot"),
        ("4_COURIER", "2026-10-12T08:30:00Z", "It's out for delivery"),
        ("5_COURIER", "2026-10-12T13:10:00Z", "It's delivered"),
    ),
}
TO_AMERICA = {
    "dewei": k5(
        "DWEXAMPLE000017",
        YT,
        "US",
        ("2026-10-05 09:00:00", "货物电子信息已经收到"),
        ("2026-10-06 16:00:00", "货物已到达广州仓库，已入库"),
        ("2026-10-07 10:00:00", "货物已出库"),
        ("2026-10-07 12:30:00", "已交云途"),
    ),
    "yunexpress": yunexpress(
        YT,
        UNI,
        "UniUni",
        ("FIRST_MILE_ARRIVE", "2026-10-07T14:00:00", "2026-10-07T06:00:00", "CN", "Guangzhou", "Arrived at facility"),
        ("ARRIVE_ORIN_CUSTOMS", "2026-10-08T08:00:00", "2026-10-08T00:00:00", "CN", "", "Customs clearance processing"),
        (
            "EXPORT_CUSTOMS_COMPLETE",
            "2026-10-08T15:00:00",
            "2026-10-08T07:00:00",
            "CN",
            "",
            "Customs clearance completed",
        ),
        ("MAIN_LINE_DEPART", "2026-10-09T23:00:00", "2026-10-09T15:00:00", "CN", "", "Departed"),
        ("MAIN_LINE_ARRIVE", "2026-10-10T10:00:00", "2026-10-10T15:00:00", "US", "Chicago", "Arrived"),
        ("CUSTOMS_RELEASE", "2026-10-11T09:00:00", "2026-10-11T14:00:00", "US", "Chicago", "Customs released"),
        ("CARRIER_PICKUP", "2026-10-11T16:00:00", "2026-10-11T21:00:00", "US", "Chicago", "Carrier picked up"),
    ),
    "uniuni": uniuni(
        UNI,
        (190, ms(8, 3) // 1000, "", "Order received"),
        (199, ms(11, 22) // 1000, "Chicago, IL", "Parcel scanned at gateway"),
        (202, ms(12, 13) // 1000, "Chicago, IL", "Out for delivery"),
        (203, ms(12, 19) // 1000, "Chicago, IL", "Delivered"),
    ),
}
CHAINS = {"HuaLei, Cainiao, Evri": TO_BRITAIN, "K5, YunExpress, UniUni": TO_AMERICA}


@pytest.fixture(params=CHAINS.values(), ids=CHAINS)
def chain(request):
    return request.param


def joined(carriers, answers):
    read = [carriers.carrier(slug).read(Answer(msgspec.json.encode(body))) for slug, body in answers]
    assert all(one.understood for one in read)
    return [timeline for timeline, _ in join(read)]


def test_three_answers_are_one_journey_in_any_order(carriers, chain):
    told = [joined(carriers, order) for order in permutations(chain.items())]
    assert all(one == told[0] for one in told)
    (timeline,) = told[0]
    assert [leg.carrier for leg in timeline.legs] == list(chain)
    assert timeline.milestone == "delivered"


def test_customs_stand_on_the_sides_that_they_are_on(carriers, chain):
    (timeline,) = joined(carriers, chain.items())
    customs = [e.sub_status for e in timeline.events if "customs" in e.sub_status]
    sides = [name.split("_")[0] for name in customs]
    assert sides == sorted(sides), "export before import"
    assert {"export_customs_released", "import_customs_released"} <= set(customs)


def test_a_hand_off_for_each_joint_and_no_ghosts(carriers, chain):
    (timeline,) = joined(carriers, chain.items())
    first, second, third = chain
    assert [(h.from_, h.to, h.missing) for h in timeline.handoffs] == [(first, second, None), (second, third, None)]
    assert [a.kind for a in timeline.anomalies] == []
    assert [holder.holder for holder in timeline.custody] == [first, second, third]


def test_the_store_joins_them_too(carriers, chain, database, workspace):
    for slug, body in chain.items():
        receive(database, [Received(workspace, "carrier_api", slug, msgspec.json.encode(body), (), NOW)])
        drain(database, carriers)
    with database.transaction(workspace) as app:
        rows = app.execute(
            "SELECT count(DISTINCT p.parcel_id) FILTER (WHERE p.merged_into IS NULL) FROM parcels p"
        ).fetchone()
    assert rows == (1,)
