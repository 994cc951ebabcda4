"""17TRACK and Kuaidi100 as servers of ours that speak their published HTTP, with the codes and limits published."""

import hashlib
import json
import re
import threading
import time
from collections import Counter, deque
from urllib.parse import parse_qsl

from tests.integration.outbound.servers import Says

KEY = "an api key"
V24 = "/track/v2.4"
"""The base path of 17TRACK's interface."""
DETECTED = 999999
"""The carrier that it finds where it is told none: one that we have no word for."""


class SeventeenTrack:
    """A record is a number with a carrier: it is tracked or stopped, and was followed again once or not."""

    def __init__(self, quota=1_000, per_second=None):
        """`per_second`: calls let in; 3, as published, where whoever asks keeps to quotas."""
        self.quota, self.per_second = quota, per_second
        self.paid, self.records, self.calls, self.sizes = [], {}, Counter(), []
        self.refused = 0  # calls beyond the limit
        self.deaf = False  # does what it is told, and the answer never arrives
        self.down = False
        self.slow = False  # has nothing to tell yet
        self.delivered, self.silent = set(), {}  # numbers; number → days without an event
        self.guard, self._calls_at = threading.Lock(), deque()

    @property
    def tracked(self):
        """Numbers that it follows."""
        return sorted(number for (number, _), record in self.records.items() if not record["stopped"])

    def __call__(self, seen):
        with self.guard:
            return self._answer(seen)

    def _answer(self, seen):
        base, _, what = seen.path.rpartition("/")
        if seen.method != "POST" or base != V24 or not hasattr(self, f"_{what}"):
            return Says(b"", 404)
        self.calls[what] += 1
        if (refused := self._refuses(seen)) is not None:
            return refused
        items = json.loads(seen.body)
        self.sizes.append(len(items))
        if len(items) > 40:
            return _failed(-18010014)
        return self._deals_with(what, items)

    def _refuses(self, seen):
        if seen.headers.get("17token") != KEY:
            return _failed(-18010002, 401)
        if self.down:
            return Says(b"", 503)
        if self._is_too_fast():
            self.refused += 1
            return _failed(429, 429)
        return None

    def _deals_with(self, what, items):
        accepted, rejected = [], []
        for item in items:
            error = self._wrong(item, what) or getattr(self, f"_{what}")(item)
            if error is None:
                accepted.append(self._accepted(item, what))
            else:
                who = {"number": item["number"], "carrier": item.get("carrier", 0)}
                rejected.append({**who, "error": {"code": error, "message": f"{item['number']} is not taken."}})
        if self.deaf and what != "gettrackinfo":
            return Says(b"", 502)
        return Says(json.dumps({"code": 0, "data": {"accepted": accepted, "rejected": rejected}}).encode())

    def _is_too_fast(self):
        now = time.monotonic()
        while self._calls_at and now - self._calls_at[0] >= 1:
            self._calls_at.popleft()
        self._calls_at.append(now)
        return self.per_second is not None and len(self._calls_at) > self.per_second

    def _wrong(self, item, what):
        if not re.fullmatch(r"[A-Za-z0-9-]{5,50}", item["number"]):
            return -18010012
        if what == "register":
            return None
        mine = [place for place in self.records if place[0] == item["number"]]
        if not mine or ("carrier" in item and self._place(item) not in mine):
            return -18019902
        return -18019810 if len(mine) > 1 and "carrier" not in item else None

    def _place(self, item):
        if "carrier" in item:
            return item["number"], item["carrier"]
        mine = [place for place in self.records if place[0] == item["number"]]
        return mine[0] if mine else (item["number"], DETECTED)

    def _register(self, item):
        if self._place(item) in self.records:
            return -18019901
        if len(self.paid) >= self.quota:
            return -18019908
        self.paid.append(item["number"])
        self.records[self._place(item)] = {"tag": item.get("tag"), "stopped": False, "again": False}
        return None

    def _gettrackinfo(self, item):
        return -18019909 if self.slow else None

    def _stoptrack(self, item):
        record = self.records[self._place(item)]
        if record["stopped"]:
            return -18019906
        record["stopped"] = True
        return None

    def _retrack(self, item):
        record = self.records[self._place(item)]
        if not record["stopped"]:
            return -18019904
        if record["again"]:
            return -18019905
        record |= {"stopped": False, "again": True}
        return None

    def _deletetrack(self, item):
        del self.records[self._place(item)]

    def _accepted(self, item, what):
        number, carrier = self._place(item)
        if what == "register":
            return {"origin": 1, "number": number, "carrier": carrier, "email": None, "tag": item["tag"], "lang": None}
        return {"number": number, "carrier": carrier} if what != "gettrackinfo" else self.tells(number, carrier)

    def tells(self, number, carrier=DETECTED):
        """What it tells of a number, in an answer or a push."""
        said = [("2026-11-19T00:00:00Z", "PickedUp", "InTransit_PickedUp", "CN")]
        if number in self.delivered:
            said.append(("2026-11-20T00:00:00Z", "Arrival", "InTransit_Arrival", "US"))
            said.append(("2026-11-20T12:00:00Z", "OutForDelivery", "OutForDelivery_Other", "US"))
            said.append(("2026-11-20T16:00:00Z", "Delivered", "Delivered_Other", "US"))
        events = [
            {
                "time_utc": at, "description": status, "location": country, "address": {"country": country},
                "stage": stage, "sub_status": status,
            }
            for at, stage, status, country in reversed(said)
        ]  # fmt: skip
        tag = self.records.get((number, carrier), {}).get("tag")
        provider = {"provider": {"key": carrier, "name": "?"}, "events": events}
        silent = {"days_after_last_update": self.silent.get(number, 0)}
        way = {"shipper_address": {"country": "CN"}, "recipient_address": {"country": "US"}}
        info = {"shipping_info": way, "latest_status": {"status": "InTransit"}, "time_metrics": silent}
        info["tracking"] = {"providers": [provider]}
        return {"number": number, "carrier": carrier, "tag": tag, "track_info": info}

    def pushes(self, number, carrier=DETECTED):
        """The body of a push of it."""
        return json.dumps({"event": "TRACKING_UPDATED", "data": self.tells(number, carrier)}).encode()


def _failed(code, status=200):
    body = {"code": code, "data": {"errors": [{"code": code, "message": "It was not dealt with."}]}}
    return Says(json.dumps(body).encode(), status)


class Kuaidi100:
    """Each query is paid; signatures are checked; a number that is subscribed to is not again."""

    def __init__(self):
        self.queries, self.subscriptions, self.doubles = [], [], 0

    def __call__(self, seen):
        fields = dict(parse_qsl(seen.body.decode()))
        param = json.loads(fields["param"])
        if seen.path == "/poll":
            return self._subscribe(param)
        signed = hashlib.md5(f"{fields['param']}{KEY}{fields['customer']}".encode()).hexdigest().upper()  # noqa: S324
        if fields["sign"] != signed:
            return _said("503", "验证签名失败")
        self.queries.append(param)
        return Says(json.dumps(self.tells(param["num"], param["com"])).encode())

    def _subscribe(self, param):
        if param["key"] != KEY:
            return _said("600", "您不是合法的订阅者")
        if any(one["number"] == param["number"] for one in self.subscriptions):
            self.doubles += 1
            return _said("501", "重复订阅")
        self.subscriptions.append(param)
        return Says('{"result": true, "returnCode": "200", "message": "提交成功"}'.encode())

    @staticmethod
    def tells(number, company):
        """What it tells of a number."""
        data = [{"ftime": "2026-11-19 08:00:00", "context": "已揽收", "location": "义乌市", "statusCode": "103"}]
        return {"message": "ok", "nu": number, "com": company, "status": "200", "state": "103", "data": data}

    def pushes(self, number, company):
        """The `param` of a push of it."""
        return json.dumps({"status": "polling", "lastResult": self.tells(number, company)}).encode()


def _said(code, message):
    return Says(json.dumps({"result": False, "returnCode": code, "message": message}).encode())
