"""17TRACK and Kuaidi100 as servers of ours that speak their published HTTP."""

import hashlib
import json
import threading
from urllib.parse import parse_qsl

from tests.integration.outbound.servers import Says

KEY = "an api key"


class SeventeenTrack:
    """Registrations cost quota; what is registered is told of."""

    def __init__(self, quota=1_000):
        self.quota, self.paid, self.tracked = quota, [], {}
        self.calls = {"register": 0, "gettrackinfo": 0, "stoptrack": 0}
        self.deaf = False  # registers, and the answer never arrives
        self._guard = threading.Lock()

    def __call__(self, seen):
        with self._guard:
            return self._answer(seen)

    def _answer(self, seen):
        if seen.method != "POST" or seen.headers.get("17token") != KEY:
            return Says(b'{"code": -18010002, "data": {"errors": [{"code": -18010002, "message": "key"}]}}', 401)
        what, items = seen.path.rpartition("/")[2], json.loads(seen.body)
        self.calls[what] += 1
        accepted, rejected = [], []
        for item in items:
            error = getattr(self, f"_{what}")(item)
            if error is None:
                accepted.append(self._tells(item) if what == "gettrackinfo" else {"origin": 1, **item})
            else:
                rejected.append({**item, "error": {"code": error, "message": "no"}})
        if self.deaf and what == "register":
            return Says(b"", 502)
        return Says(json.dumps({"code": 0, "data": {"accepted": accepted, "rejected": rejected}}).encode())

    def _register(self, item):
        if item["number"] in self.tracked:
            return -18019901
        if len(self.paid) >= self.quota:
            return -18019908
        self.paid.append(item["number"])
        self.tracked[item["number"]] = item
        return None

    def _gettrackinfo(self, item):
        return None if item["number"] in self.tracked else -18019902

    def _stoptrack(self, item):
        return None if self.tracked.pop(item["number"], None) else -18019902

    def _tells(self, item):
        known = self.tracked[item["number"]]
        event = {
            "time_iso": "2026-11-19T08:00:00+08:00", "time_utc": "2026-11-19T00:00:00Z", "description": "picked up",
            "location": "Yiwu", "stage": "PickedUp", "sub_status": "InTransit_PickedUp",
        }  # fmt: skip
        provider = {"provider": {"key": known.get("carrier", 999), "name": "?"}, "events": [event]}
        info = {"latest_status": {"status": "InTransit"}, "tracking": {"providers": [provider]}}
        return {
            "number": item["number"],
            "carrier": known.get("carrier", 999),
            "tag": known.get("tag"),
            "track_info": info,
        }


class Kuaidi100:
    """Each query is paid; signatures are checked."""

    def __init__(self):
        self.queries, self.subscriptions = [], []

    def __call__(self, seen):
        fields = dict(parse_qsl(seen.body.decode()))
        param = json.loads(fields["param"])
        if seen.path == "/poll":
            self.subscriptions.append(param)
            return Says(b'{"result": true, "returnCode": "200", "message": "ok"}')
        signed = hashlib.md5(f"{fields['param']}{KEY}{fields['customer']}".encode()).hexdigest().upper()  # noqa: S324
        if fields["sign"] != signed:
            return Says('{"result": false, "returnCode": "503", "message": "验证签名失败"}'.encode())
        self.queries.append(param)
        data = [{"ftime": "2026-11-19 08:00:00", "context": "已揽收", "location": "义乌市", "statusCode": "103"}]
        told = {"message": "ok", "nu": param["num"], "com": param["com"], "status": "200", "state": "103", "data": data}
        return Says(json.dumps(told).encode())
