"""A season file that cannot be judged says what is wrong with it."""

import pytest

from everyleg.cli.bench_freshness import GOALS, run
from everyleg.cli.io import UserError


@pytest.mark.parametrize("body", [b"not json\n", b"", None])
def test_a_file_that_is_no_season_is_refused_in_one_line(tmp_path, body):
    file = tmp_path / "season.ndjson"
    if body is not None:
        file.write_bytes(body)
    with pytest.raises(UserError, match=r"season\.ndjson.*everyleg lab season") as refused:
        run(1, 10, file, cohorts=False)
    assert "\n" not in str(refused.value)


def test_every_ratio_has_a_floor_that_is_easier_than_its_goal():
    assert len(GOALS) == 16
    assert all(floor > goal for floor, goal in GOALS.values())
