"""`everyleg add`, `template` and `export`, as people run them."""

import json
import os
import subprocess
import sys

import pytest

from everyleg.sheets.incoming import read
from tests.factories.sheets import csv_of, kinds

A = "YT2630700700000001"


@pytest.fixture
def everyleg(server, folder):
    environ = {**os.environ, "EVERYLEG_DATABASE_URL": server.conninfo(), "EVERYLEG_KEYS": str(folder / "keys.json")}

    def run(*args, given=None):
        command = [sys.executable, "-c", "from everyleg.cli import main; main()", *map(str, args)]
        return subprocess.run(command, input=given, capture_output=True, env=environ, cwd=folder, check=False)

    return run


@pytest.fixture
def slug(database, workspace):
    with database.transaction(None, "worker") as worker:
        return worker.execute("SELECT slug FROM workspaces WHERE workspace_id = %s", (workspace,)).fetchone()[0]


def test_a_sheet_goes_in_refused_rows_come_back_and_all_goes_out(everyleg, slug, folder):
    sheet = folder / "today.csv"
    sheet.write_bytes(
        csv_of(["订单号", "运单号", "国家"], ["O-1", A, "美国"], ["O-2", "9.4E+21", "US"], encoding="gb18030")
    )
    done = everyleg("add", "--file", sheet, "--workspace", slug, "--rejected", folder / "back.xlsx", "--json")
    told = json.loads(done.stdout)
    assert (told["added"], told["refused"], told["refusals"][0]["row"]) == (1, 1, 3)
    (row,) = read(folder / "back.xlsx")
    assert (row.order, kinds(row.refusals)) == ("O-2", ["destroyed"])
    done = everyleg("export", "--workspace", slug, "-o", "all.csv", "--lang", "zh")
    assert done.returncode == 0, done.stderr
    (row,) = read(folder / "all.csv")
    assert (row.order, row.country) == ("O-1", "US")
    assert everyleg("export", "--workspace", slug, "-o", "all.csv").returncode == 2


def test_numbers_go_in_with_their_carrier(everyleg, slug, database, workspace):
    done = everyleg("add", A, "--workspace", slug, "--lang", "zh")
    assert "已新增 1" in done.stdout.decode()
    with database.transaction(workspace) as connection:
        assert connection.execute("SELECT carrier, tracking_number FROM numbers").fetchall() == [("yunexpress", A)]


def test_when_every_row_is_refused_the_exit_is_2(everyleg, slug):
    done = everyleg("add", "9.4E+21", "--workspace", slug)
    assert (done.returncode, "destroyed" in done.stdout.decode()) == (2, True)


def test_a_template_is_written_once(everyleg, folder):
    assert everyleg("template", "--lang", "zh", "-o", "t.xlsx").returncode == 0
    assert len(list(read(folder / "t.xlsx"))) == 1
    assert everyleg("template", "-o", "t.xlsx").returncode == 2


@pytest.mark.parametrize(
    ("args", "given"),
    [
        (["--file", "missing.xlsx"], None),
        (["--file", "-"], b"a,b\nc,d\n"),
        ([], None),
        ([A, "--file", "x"], None),
        (["--fil", "x"], None),
    ],
)
def test_what_cannot_be_added_is_one_line_and_exit_2(everyleg, slug, args, given):
    done = everyleg("add", *args, "--workspace", slug, given=given)
    assert (done.returncode, done.stdout) == (2, b"")
    assert len(done.stderr.decode().strip().splitlines()) == 1
