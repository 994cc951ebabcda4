"""The commands of the pipeline, on a store of one's own address."""

import json
from pathlib import Path

import pytest

import everyleg.carriers
import everyleg.lab
from everyleg.cli.ingest import ingest
from everyleg.cli.io import UserError
from everyleg.cli.replay import replay
from everyleg.cli.track import track
from everyleg.cli.verify import verify

from .acme import rows

SAMPLE = Path(everyleg.carriers.__file__).parent / "usps" / "samples" / "v3-journey.json"
NUMBER = "LZ000000015CN"


@pytest.fixture
def slug(server, database, workspace, folder, monkeypatch):
    """The slug of a new workspace in the store that the environment names."""
    monkeypatch.setenv("EVERYLEG_DATABASE_URL", server.conninfo())
    monkeypatch.setenv("EVERYLEG_DATA", str(folder))
    return rows(database, "SELECT slug FROM workspaces WHERE workspace_id = %s", workspace)[0][0]


def test_an_answer_from_a_file_is_tracked_by_its_number_with_the_age_of_the_data(slug, capsys):
    ingest(SAMPLE, carrier="usps", workspace=slug, observed_at="2026-11-20T08:00:00Z")
    assert "read: 1, unchanged: 0, put aside: 0" in capsys.readouterr().out
    track("lz 0000 00015 cn", workspace=slug)
    shown = capsys.readouterr().out
    assert NUMBER in shown
    assert "checked" in shown
    track(NUMBER, json=True, workspace=slug)
    (journey,) = json.loads(capsys.readouterr().out)
    assert journey["milestone"] == "delivered"
    assert journey["checks"][0]["outcome"] == "news"


def test_a_folder_taken_twice_is_only_counted(slug, capsys):
    for _ in range(2):
        ingest(SAMPLE.parent, carrier="usps", workspace=slug, observed_at="2026-11-20T08:00:00Z")
    first, second = (line for line in capsys.readouterr().out.splitlines() if line.startswith("read:"))
    assert (
        second
        == f"read: 0, unchanged: {sum(p.is_file() for p in SAMPLE.parent.iterdir())}, put aside: 0; states changed: 0"
    )
    assert not first.startswith("read: 0")


def test_files_take_nothing_back_whatever_times_a_copy_left_them(slug, capsys):
    journey = Path(everyleg.lab.__file__).parent / "journey"
    for at, file in (
        ("2026-11-20T08:00:00Z", "4-usps-delivered.json"),
        ("2026-11-21T08:00:00Z", "3-usps-on-the-way.json"),
    ):
        ingest(journey / file, carrier="usps", workspace=slug, observed_at=at)
    capsys.readouterr()
    track("9200190300000000000017", json=True, workspace=slug)
    assert json.loads(capsys.readouterr().out)[0]["milestone"] == "delivered"


def test_only_when_nothing_could_be_understood_is_it_a_failure(slug, folder, capsys):
    folder.joinpath("page.html").write_text("<html>sign in</html>")
    with pytest.raises(SystemExit) as left:
        ingest(folder / "page.html", carrier="usps", workspace=slug)
    assert left.value.code == 2
    assert "put aside: 1" in capsys.readouterr().out
    ingest(folder / "page.html", SAMPLE, carrier="usps", workspace=slug, observed_at="2026-11-20T08:00:00Z")


def test_verify_ends_with_1_when_a_state_is_not_what_was_told(slug, database, workspace, capsys):
    ingest(SAMPLE, carrier="usps", workspace=slug)
    with pytest.raises(SystemExit) as left:
        verify(workspace=slug)
    assert left.value.code == 0
    with database.transaction(workspace) as app:
        app.execute("UPDATE states SET milestone = 'pending' WHERE workspace_id = %s", (workspace,))
    with pytest.raises(SystemExit) as left:
        verify(workspace=slug)
    assert left.value.code == 1
    assert "milestone is pending, and should be delivered" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (lambda slug: track("nobody's", workspace=slug), "no parcel has this number"),
        (lambda slug: track("x", workspace="nowhere"), "--workspace SLUG"),
        (lambda slug: ingest(Path("/no/such/file"), carrier="usps", workspace=slug), "no such file"),
        (lambda slug: ingest(SAMPLE, carrier="nobody", workspace=slug), "no carrier is called"),
        (lambda slug: replay(carrier="nobody"), "no carrier is called"),
    ],
)
def test_a_mistake_is_said_in_one_line(slug, command, says):
    with pytest.raises(UserError, match=says) as refused:
        command(slug)
    assert "\n" not in str(refused.value)
