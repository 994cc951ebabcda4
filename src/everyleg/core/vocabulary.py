"""The vocabulary: five stages, milestones and sub-statuses, from one table.

The table `data/statuses.csv` is the single source: what a row means, how people read it (zh, en), what it does to a
parcel's state (`moves`, `exception`) and the words other systems use for it. `data/statuses_inbound.csv` translates
the codes of 17TRACK, AfterShip, Kuaidi100, TrackingMore and Ship24 into it.
"""

import csv
from collections.abc import Iterator
from importlib import resources
from types import MappingProxyType

from msgspec import Struct

STAGES = ("first_mile", "export_customs", "line_haul", "import_customs", "last_mile")
"""The five stages of the way, in order. A row or a leg may also say `any`."""

STAGE_NAMES = MappingProxyType(
    {
        "first_mile": {"zh": "揽收", "en": "First mile"},
        "export_customs": {"zh": "出口清关", "en": "Export customs"},
        "line_haul": {"zh": "干线", "en": "Line-haul"},
        "import_customs": {"zh": "进口清关", "en": "Import customs"},
        "last_mile": {"zh": "末端派送", "en": "Last mile"},
        "any": {"zh": "全程", "en": "Any stage"},
    }
)
"""How people call the stages."""


class Status(Struct, frozen=True):
    """One row of the vocabulary."""

    sub_status: str
    milestone: str
    stage: str
    moves: bool
    """Whether the row moves a parcel's state."""
    exception: bool
    """Whether the row is a problem that stands until a later movement."""
    meaning: dict[str, str]
    """What it means, by language (`en`, `zh`)."""
    display: dict[str, str]
    """How a list of parcels shows it, by language; empty for `other`."""
    outbound: dict[str, str]
    """Its word in `17track`, `aftership_tag`, `aftership_subtag`, `kuaidi100`, `trackingmore`."""


class Inbound(Struct, frozen=True):
    """What a foreign code means, by what is known of the side of the border."""

    before_destination_arrival: str
    after_destination_arrival: str
    neutral: str


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = resources.files("everyleg.core").joinpath("data", name).read_text(encoding="utf-8-sig")
    return iter(csv.DictReader(text.splitlines()))


def _status(row: dict[str, str]) -> Status:
    return Status(
        sub_status=row["sub_status"],
        milestone=row["milestone"],
        stage=row["stage"],
        moves=row["moves"] == "yes",
        exception=row["exception"] == "yes",
        meaning={"en": row["meaning_en"], "zh": row["meaning_zh"]},
        display={k: row[f"display_{k}"] for k in ("en", "zh") if row[f"display_{k}"]},
        outbound={k: row[k] for k in ("17track", "aftership_tag", "aftership_subtag", "kuaidi100", "trackingmore")},
    )


STATUSES: MappingProxyType[str, Status] = MappingProxyType(
    {row["sub_status"]: _status(row) for row in _rows("statuses.csv")}
)
"""Every sub-status, in the table's order."""

INBOUND: MappingProxyType[tuple[str, str], Inbound] = MappingProxyType(
    {
        (row["system"], row["code"]): Inbound(
            row["before_destination_arrival"], row["after_destination_arrival"], row["neutral"]
        )
        for row in _rows("statuses_inbound.csv")
    }
)
"""Foreign code → our sub-status, keyed by (system, code)."""

MILESTONES: tuple[str, ...] = tuple(dict.fromkeys(s.milestone for s in STATUSES.values()))
"""Every milestone, in the table's order."""

_STAGE_RANK = MappingProxyType({stage: rank for rank, stage in enumerate(STAGES)})


def stage_rank(stage: str | None) -> int:
    """Rank of a stage on the way, 0…4; `any` and unknown are -1."""
    return _STAGE_RANK.get(stage or "", -1)
