"""The page of components. It shows made-up things only, so it is open to anybody."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from litestar import get

from everyleg.web.components.glance import EventSeen, Glance, JointSeen, LegSeen, PlaceSeen
from everyleg.web.components.ribbon import Ribbon, ribbon
from everyleg.web.page import Html, Reader
from everyleg.web.threads import threaded
from everyleg.web.words import LANGS, Words

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
_HOUR = 3600
Missing = Literal["release", "acceptance"] | None
_WAY = (
    ("first_mile", "received_at_origin_warehouse"),
    ("export_customs", "export_customs_released"),
    ("line_haul", "departed_origin"),
    ("import_customs", "import_customs_processing"),
    ("last_mile", "out_for_delivery"),
)


def _sample(stages: int, *, missing: Missing = None, exception: bool = False, done: bool = False) -> Glance:
    """A made-up parcel that has come through some stages."""
    events = [
        EventSeen(
            "yunexpress", s, status, NOW - timedelta(days=9 - 2 * i), None, None, PlaceSeen(city="Shenzhen"), None
        )
        for i, (s, status) in enumerate(_WAY[:stages])
    ]
    stage, status = _WAY[stages - 1]
    legs = [
        LegSeen("yunexpress", "YT2600000000000001", ["first_mile", "line_haul"], events[0].occurred_at, None),
        LegSeen("usps", "9200190000000000000001", ["last_mile"], None, None),
    ]
    joint = JointSeen("yunexpress", "usps", events[-1].occurred_at, None, None if missing else 9 * _HOUR, missing)
    dwell = {s: hours * _HOUR for (s, _), hours in zip(_WAY[: stages - 1], (20, 3, 400, 30), strict=False)}
    milestone, status = ("delivered", "delivered") if done else ("in_transit", status)
    joints = [joint] if stages > 3 else []
    return Glance(milestone, status, stage, exception, None, None, dwell, legs, joints, events)


def _ribbons() -> dict[str, Ribbon]:
    return {
        "calm": ribbon(_sample(3), NOW),
        "late": ribbon(_sample(2), NOW, late=True),
        "problem": ribbon(_sample(4, exception=True, missing="acceptance"), NOW),
        "blind": ribbon(_sample(4, missing="release"), NOW, blind=True),
        "last mile": ribbon(_sample(5), NOW),
        "delivered": ribbon(_sample(5, done=True), NOW),
    }


def _threads() -> dict[str, Ribbon]:
    return {
        "calm": ribbon(_sample(3), NOW, 160),
        "late": ribbon(_sample(2), NOW, 160, late=True),
        "problem": ribbon(_sample(4, exception=True, missing="acceptance"), NOW, 160),
    }


@get("/dev/components")
@threaded
def components(visit: Reader) -> Html:
    """Every component, in each language and theme."""
    panels = [(lang, theme, Words(lang, visit.words.zone, NOW)) for lang in LANGS for theme in ("light", "dark")]
    context = {"panels": panels, "ribbons": _ribbons(), "threads": _threads(), "now": NOW - timedelta(hours=3)}
    return visit.show("dev/components.html", context)


ROUTES = [components]
