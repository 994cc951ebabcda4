"""A season file that cannot be judged says what is wrong with it."""

import json

import pytest

from everyleg.cli.bench_freshness import GOALS, run
from everyleg.cli.io import UserError
from everyleg.lab.freshness.journeys import journeys
from everyleg.lab.season import read


@pytest.mark.parametrize("body", [b"not json\n", b"", None])
def test_a_file_that_is_no_season_is_refused_in_one_line(tmp_path, body):
    file = tmp_path / "season.ndjson"
    if body is not None:
        file.write_bytes(body)
    with pytest.raises(UserError, match=r"season\.ndjson.*everyleg lab season") as refused:
        run(1, 10, file, cohorts=False)
    assert "\n" not in str(refused.value)


PARCEL = {"kind": "parcel", "id": "p", "legs": [], "created_at": "2026-10-01T00:00:00Z"}
EVENT = {"carrier": "acme", "tracking_number": "1", "occurred_at": "2026-10-01T04:00:00Z"}


def season_of(folder, *lines):
    file = folder / "season.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def test_cohorts_cannot_be_judged_where_the_file_names_none(tmp_path):
    seen = {"kind": "event", "parcel": "p", "published_at": "2026-10-01T05:00:00Z", "event": EVENT}
    with pytest.raises(UserError, match=r"no parcel of it has a \"cohort\""):
        run(1, None, season_of(tmp_path, PARCEL, seen), cohorts=True)


def test_parcels_of_which_nothing_is_told_cannot_be_judged(tmp_path):
    with pytest.raises(UserError, match="no events"):
        run(1, None, season_of(tmp_path, PARCEL), cohorts=False)


def test_a_parcel_without_optional_fields_is_followed_by_what_its_destination_tells():
    """No channel, no legs, no clock: the buyer's country tells the hour once the parcel is there."""
    lines = [PARCEL | {"destination": "DE"}]
    for hour, status in ((4, "picked_up"), (9, "import_customs_released"), (12, "arrived_facility")):
        event = EVENT | {"sub_status": status, "occurred_at": f"2026-10-01T{hour:02}:00:00Z"}
        lines.append({"kind": "event", "parcel": "p", "published_at": event["occurred_at"], "event": event})
    (found,) = journeys(read(json.dumps(line).encode() for line in lines))
    assert [standing.offset_s for standing in found.standings] == [0, 0, 7200, 7200]
    assert found.standings[-1].state == ("arrived_facility", "acme", "DE", "")
    assert not found.delivered


def test_every_ratio_has_a_floor_that_is_easier_than_its_goal():
    assert len(GOALS) == 16
    assert all(floor > goal for floor, goal in GOALS.values())
