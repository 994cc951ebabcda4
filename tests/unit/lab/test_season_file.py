"""Season files: ours and anybody's, read the same way."""

import json
from datetime import UTC, datetime

import pytest
from tests.unit.lab.worlds import season

from everyleg.cli import lab
from everyleg.cli.io import UserError
from everyleg.lab.census import census
from everyleg.lab.season import SeasonError, read

PARCEL = {
    "kind": "parcel",
    "id": "a",
    "legs": [{"carrier": "usps", "tracking_number": "9"}],
    "created_at": "2026-11-01T00:00:00Z",
}
EVENT = {"kind": "event", "parcel": "a", "published_at": "2026-11-02T00:00:00Z",
         "event": {"carrier": "usps", "tracking_number": "9", "sub_status": "delivered", "occurred_at": "2026-11-01T20:00:00Z"}}  # fmt: skip
TRUTH = {"kind": "truth", "parcel": "a", "problem": "late", "from": "2026-11-03T00:00:00Z"}


def lines(*rows):
    return [json.dumps(row).encode() + b"\n" for row in rows]


def test_fields_may_be_missing():
    parcel, event, truth = read(lines(PARCEL, EVENT, TRUTH))
    assert (parcel.sku, parcel.promised_by, parcel.legs[0].stages) == (None, None, [])
    assert (event.event.milestone, event.event.stage, event.event.source) == ("delivered", "last_mile", "carrier_api")
    assert event.event.key
    assert (truth.from_, truth.to, truth.cause) == (datetime(2026, 11, 3, tzinfo=UTC), None, None)


def test_fields_that_we_do_not_know_are_passed_over():
    (parcel,) = read(lines(PARCEL | {"weather": "rain"}))
    assert parcel.id == "a"


def test_empty_lines_are_passed_over():
    assert len(list(read([b"\n", *lines(PARCEL), b"  \n"]))) == 1


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([PARCEL, EVENT | {"published_at": "2026-10-01T00:00:00Z"}], "line 2: .* sort the file by time"),
        ([EVENT], "line 1: no earlier line makes the parcel 'a'"),
        ([PARCEL | {"created_at": "2026-11-01T00:00:00"}], r"line 1: .*created_at"),
        ([PARCEL, TRUTH | {"from": None}], r"line 2: .*from"),
        ([PARCEL, {"kind": "rumour", "parcel": "a"}], "line 2: .*rumour"),
        ([PARCEL, EVENT | {"event": EVENT["event"] | {"sub_status": "teleported"}}], "line 2: .*teleported"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(rows, said):
    with pytest.raises(SeasonError, match=said):
        list(read(lines(*rows)))


def test_what_is_no_json_is_refused_with_its_line():
    with pytest.raises(SeasonError, match="line 2"):
        list(read([*lines(PARCEL), b"parcel b\n"]))


def test_a_census_counts_what_is_there():
    other = PARCEL | {"id": "b"}
    counted = census(read(lines(PARCEL, other, EVENT, EVENT, TRUTH | {"cause": "strike"})))
    assert (counted.parcels, counted.events, counted.events_per_parcel, counted.delivered) == (2, 2, 1.0, 0.5)
    late = counted.problems["late"]
    assert (late.truths, late.parcels, late.shared, late.causes, late.open) == (1, 0.5, 1.0, 1, 1)
    assert (counted.lags["usps"].statements, counted.lags["usps"].median_h) == (2, 4.0)


def test_a_census_of_nothing_is_nothing():
    assert census([]).parcels == 0


def test_the_command_writes_the_season_of_its_seed(capsysbinary):
    lab.season(seed=1, parcels=150)
    assert capsysbinary.readouterr().out == b"".join(season(1, 150))


def test_the_command_refuses_a_season_outside_its_calendar(capsys):
    with pytest.raises(UserError, match="holidays are known"):
        lab.season(start=datetime(2020, 1, 1, tzinfo=UTC).date())


def test_the_command_counts_any_season_file(tmp_path, capsys):
    file = tmp_path / "season.ndjson"
    file.write_bytes(b"".join(lines(PARCEL, EVENT, TRUTH)))
    lab.figures(str(file), json=True)
    assert json.loads(capsys.readouterr().out)["parcels"] == 1


def test_the_command_names_the_file_and_line_that_it_cannot_read(tmp_path):
    file = tmp_path / "season.ndjson"
    file.write_bytes(b"".join(lines(EVENT)))
    with pytest.raises(UserError, match=r"season\.ndjson: line 1"):
        lab.figures(str(file))
