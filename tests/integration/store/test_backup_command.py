"""`everyleg backup` and `everyleg restore`: what they say, and that they refuse in one helpful line."""

import psycopg
import pytest

from everyleg.cli.backup import backup
from everyleg.cli.io import UserError
from everyleg.cli.restore import restore
from everyleg.store.migrations import migrate


@pytest.fixture
def store(empty, tmp_path, monkeypatch):
    """A migrated database with one workspace, named by the environment."""
    migrate(empty)
    with psycopg.connect(empty) as admin:
        admin.execute("INSERT INTO workspaces (slug, name, kind) VALUES ('a', 'A', 'seller')")
    monkeypatch.setenv("EVERYLEG_DATABASE_URL", empty)
    monkeypatch.setenv("EVERYLEG_DATA", str(tmp_path / "data"))
    return empty


def test_there_and_back(store, tmp_path, capsys):
    backup(tmp_path / "b")
    said = capsys.readouterr().out
    assert f"{tmp_path / 'b'}: 1 rows of" in said
    assert f"keep a copy of {tmp_path / 'data' / 'keys.json'}" in said.replace("\n", " ")
    with psycopg.connect(store) as admin:
        admin.execute("DELETE FROM workspaces")
    restore(tmp_path / "b")
    assert "1 rows as of" in capsys.readouterr().out
    with psycopg.connect(store) as admin:
        assert admin.execute("SELECT slug FROM workspaces").fetchall() == [("a",)]


def test_a_file_that_is_there_is_replaced_only_when_told_so(store, tmp_path):
    (tmp_path / "b").write_text("precious")
    with pytest.raises(UserError, match="--overwrite"):
        backup(tmp_path / "b")
    assert (tmp_path / "b").read_text() == "precious"
    backup(tmp_path / "b", overwrite=True)


def test_a_place_that_cannot_be_written_is_said(store, tmp_path):
    with pytest.raises(UserError, match="No such file or directory; give a place that can be written"):
        backup(tmp_path / "nowhere" / "b")


def test_a_file_that_is_no_backup_is_said(store, tmp_path):
    (tmp_path / "b").write_text("x")
    with pytest.raises(UserError, match="no backup of Everyleg"):
        restore(tmp_path / "b")
    with pytest.raises(UserError, match="No such file or directory; give a backup that can be read"):
        restore(tmp_path / "missing")


def test_a_full_store_is_said(store, tmp_path):
    backup(tmp_path / "b")
    with pytest.raises(UserError, match="EVERYLEG_DATA to a new folder"):
        restore(tmp_path / "b")
