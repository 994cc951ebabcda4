"""`everyleg correct`: each correction from the command line, and back."""

import psycopg
import pytest

from everyleg.cli import app
from everyleg.cli.io import UserError
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.store.migrations import migrate

NUMBER, OTHER = "9200190300000000000017", "YT2630700700000001"


@pytest.fixture
def store(empty, tmp_path, monkeypatch):
    """A store of its own with one parcel, named by the environment."""
    migrate(empty)
    monkeypatch.setenv("EVERYLEG_DATABASE_URL", empty)
    monkeypatch.setenv("EVERYLEG_DATA", str(tmp_path))
    with psycopg.connect(empty) as admin:
        insert = "INSERT INTO workspaces (slug, name, kind) VALUES ('main', 'Main', 'seller') RETURNING workspace_id"
        ensure_parcels(admin, admin.execute(insert).fetchone()[0], [NewParcel("usps", NUMBER)])
    return empty


def everyleg(*words):
    app(["correct", *words], result_action="call_if_callable")


def state(store):
    query = """SELECT milestone, carriers, stopped_at IS NOT NULL FROM states JOIN parcels USING (workspace_id, parcel_id)
        ORDER BY parcel_id"""
    with psycopg.connect(store) as admin:
        return admin.execute(query).fetchall()


BEFORE = ("pending", ["usps"], False)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (
            ("mark", NUMBER, "delivered", "--at", "2026-11-20T14:00+01:00", "--reason", "slip"),
            ("delivered", ["usps"], False),
        ),
        (("mark", NUMBER, "stop"), ("pending", ["usps"], True)),
        (("carrier", NUMBER, "fedex"), ("pending", ["fedex"], False)),
        (("add", NUMBER, OTHER, "--carrier", "yunexpress"), BEFORE),
        (("replace", NUMBER, OTHER, "--carrier", "yunexpress"), BEFORE),
        (("remark", NUMBER, "the buyer is away"), BEFORE),
    ],
)
def test_each_and_back(store, capsys, words, first):
    everyleg(*words)
    said = capsys.readouterr().out
    assert state(store)[0] == first
    assert f"everyleg correct undo {NUMBER} " in said
    everyleg("list", NUMBER)
    assert "2026" in capsys.readouterr().out
    everyleg("undo", NUMBER, said.split("`")[1].split()[-1])
    assert state(store) == [BEFORE]


def test_what_cannot_be_is_said(store):
    for words, why in [
        (("mark", "nobody", "lost"), "nobody: no parcel has this number"),
        (("mark", NUMBER, "lost", "--at", "2026-11-20T14:00"), "a time needs its zone"),
        (("carrier", NUMBER, "usps"), "of usps already"),
        (("carrier", NUMBER, "uspz"), "no carrier is called"),
        (("hide", NUMBER, "00"), "no such statement"),
        (("undo", NUMBER, "77"), "undone already, or of another parcel"),
    ]:
        with pytest.raises(UserError, match=why):
            everyleg(*words)
