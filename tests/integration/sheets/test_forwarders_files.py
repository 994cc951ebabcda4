"""Files of forwarders on their way to states: by the journal, by the command, by a watched folder."""

import datetime as dt
import io
import json
import os
import subprocess
import sys
import zipfile

import openpyxl
import pytest

from everyleg.app.inbox import Inbox
from everyleg.app.plugins import registry
from everyleg.core.model import Ref
from everyleg.numbers.detector import Detector
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.pipeline.replay import replay
from everyleg.pipeline.verify import verify
from everyleg.pipeline.work import drain
from everyleg.sheets.traces.taking import Bearer, take
from everyleg.sheets.traces.watching import PATIENCE, Watch
from tests.factories.sheets import csv_of, xlsx_of

from ..pipeline.acme import count, rows, timelines

YT, UPS = "YT2630700700000001", "1Z999AA10123456784"
MAWB = "784-55501121"
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
LIST = csv_of(["运单号", "提单号", "袋号"], [YT, MAWB, "BG-1"], [UPS, MAWB, "BG-2"], encoding="gb18030")
STEPS = xlsx_of(["提单号", "起飞时间", "到港时间", "清关放行时间"], [MAWB, "2026-11-19 23:05", "2026-11-20 08:00", ""])
BAG = csv_of(["袋号", "时间", "状态"], ["BG-2", "2026-11-21 09:00", "已交派"])
TRACES = csv_of(["运单号", "轨迹时间", "轨迹内容"], [YT, "2026-11-18 16:20", "入库"], ["", "2026-11-18 16:20", "入库"])


@pytest.fixture
def bearer(database, workspace):
    with database.transaction(workspace) as connection:
        ensure_parcels(connection, workspace, [NewParcel("ups", UPS)])
    return Bearer(workspace, registry().slug_of, carrier="yunexpress")


def bring(database, bearer, *files, at=NOW):
    taken = [take(database, bearer, file, at) for file in files]
    drain(database, registry())
    return taken


def told(database, workspace):
    """By number, what its timeline tells, in order."""
    return {
        timeline.numbers[0].tracking_number: [e.sub_status for e in timeline.events]
        for timeline in timelines(database, workspace).values()
        if timeline is not None
    }


def test_lists_steps_and_traces_of_a_forwarder_come_together_in_the_parcels(database, workspace, bearer):
    bring(database, bearer, STEPS, LIST, BAG, TRACES)
    flown = ["departed_origin", "arrived_destination"]
    assert told(database, workspace) == {
        YT: ["received_at_origin_warehouse", *flown],
        UPS: [*flown, "handed_to_last_mile"],
    }
    assert count(database, workspace, "parcels") == 2
    assert verify(database, workspace) == []


def test_numbers_are_those_that_the_workspace_knows_and_else_the_forwarders(database, workspace, bearer):
    (taken,) = bring(database, bearer, LIST)
    assert [fate.row.numbers for fate in taken.fates] == [(Ref("yunexpress", YT),), (Ref("ups", UPS),)]


def test_a_number_of_nobody_is_refused(database, workspace):
    taken = take(database, Bearer(workspace, registry().slug_of), csv_of(["单号", "袋号"], ["ABC1234567", "BG-1"]), NOW)
    assert [note.kind for fate in taken.refused for note in fate.notes] == ["whose_number"]


def test_a_row_may_name_the_carrier_by_any_of_its_names(database, workspace, bearer):
    named = [[f"ABC123456{n}", name, "BG-1"] for n, name in enumerate(("云途物流", "云途", "云途快递"))]
    file = csv_of(["单号", "承运商", "袋号"], *named, ["ABC1234568", "Nobody", "BG-1"])
    (taken,) = bring(database, bearer, file)
    of_yunexpress = [(Ref("yunexpress", f"ABC123456{n}"),) for n in range(3)]
    assert [fate.row.numbers for fate in taken.fates[:3]] == of_yunexpress
    assert [note.kind for note in taken.fates[3].notes] == ["unknown_carrier"]


def test_the_same_file_again_is_only_counted(database, workspace, bearer):
    bring(database, bearer, LIST, STEPS)
    before = timelines(database, workspace)
    bring(database, bearer, STEPS, LIST, at=NOW + dt.timedelta(hours=1))
    assert timelines(database, workspace) == before
    assert set(rows(database, "SELECT times FROM observations WHERE workspace_id = %s", workspace)) == {(2,)}


def test_the_same_rows_for_another_carrier_are_no_repetition(database, workspace, bearer):
    bring(database, bearer, TRACES)
    bring(
        database, Bearer(workspace, registry().slug_of, carrier="yanwen"), csv_of(["单号", "袋号"], ["ABC1234567", "B"])
    )
    bring(database, bearer, csv_of(["单号", "承运商", "袋号"], ["ABC1234567", "yunexpress", "B"]))
    assert count(database, workspace, "observations") == 3


def test_the_file_is_read_again_like_any_answer(database, workspace, bearer):
    bring(database, bearer, LIST, STEPS, BAG, TRACES)
    before = timelines(database, workspace)
    replay(database, registry(), workspace=workspace)
    assert timelines(database, workspace) == before
    assert verify(database, workspace) == []


def test_what_nobody_reads_of_a_row_is_kept_with_it(database, workspace, bearer):
    bring(database, bearer, csv_of(["单号", "袋号", "客服"], [YT, "BG-1", "小陈"]))
    (sealed,) = rows(database, "SELECT body FROM observations WHERE workspace_id = %s", workspace)[0]
    body = json.loads(database.keys.open(sealed, f"{workspace}/observations.body"))
    assert body["parcels"][0]["rows"] == {"2": {"客服": "小陈"}}


def watched(database, bearer, folder, *moments):
    """What became of the files of a folder, looked through at some seconds."""
    watch = Watch(database, bearer, folder)
    return [one for at in moments for one in watch.round(NOW + dt.timedelta(seconds=at))]


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_in_a_watched_folder_is_taken_once_it_is_whole(database, bearer, folder):
    watch = Watch(database, bearer, folder)
    (folder / "list.csv").write_bytes(LIST[:20])
    assert list(watch.round(NOW)) == []
    (folder / "list.csv").write_bytes(LIST)
    assert list(watch.round(NOW + dt.timedelta(seconds=6))) == []
    (outcome,) = watch.round(NOW + dt.timedelta(seconds=12))
    assert (outcome.fate, outcome.taken.rows) == ("done", 2)
    assert names(folder) == ["done/list.csv"]
    assert list(watch.round(NOW + dt.timedelta(seconds=60))) == []


def test_unfinished_hidden_and_linked_files_are_left_alone(database, bearer, folder):
    for name in ("a.csv.part", ".b.csv", "~$c.xlsx"):
        (folder / name).write_bytes(LIST)
    (folder / "d.csv").symlink_to("/etc/hosts")
    assert watched(database, bearer, folder, 0, 100) == []


def test_refused_rows_lie_beside_with_the_reason(database, bearer, folder):
    (folder / "traces.csv").write_bytes(TRACES)
    (outcome,) = watched(database, bearer, folder, 0, 6)
    assert (outcome.fate, len(outcome.taken.refused)) == ("done", 1)
    assert names(folder) == ["done/traces.csv", "rejected/traces.csv.rejected.xlsx"]


def test_a_torn_workbook_is_waited_for_and_then_rejected(database, bearer, folder):
    (folder / "torn.xlsx").write_bytes(STEPS[: len(STEPS) // 2])
    assert watched(database, bearer, folder, 0, 10) == []
    (outcome,) = watched(database, bearer, folder, 0, PATIENCE.total_seconds())
    assert outcome.fate == "rejected"
    assert names(folder) == ["rejected/torn.xlsx", "rejected/torn.xlsx.reason.txt"]


def test_a_name_that_was_there_before_keeps_both(database, bearer, folder):
    for _ in range(2):
        (folder / "list.csv").write_bytes(LIST)
        watched(database, bearer, folder, 0, 6)
    assert names(folder) == ["done/list-2.csv", "done/list.csv"]


def test_a_sub_folder_is_a_carriers_also_for_raw_answers(database, workspace, bearer, folder):
    (folder / "yanwen").mkdir()
    (folder / "nobody").mkdir()
    sample = registry().folder("yanwen") / "samples" / "track.json"
    (folder / "yanwen" / "answer.json").write_bytes(sample.read_bytes())
    (folder / "nobody" / "list.csv").write_bytes(LIST)
    found = {one.path.parent.name: one.fate for one in watched(database, bearer, folder, 0, 6)}
    assert found == {"yanwen": "done", "nobody": "rejected"}
    drain(database, registry())
    carriers = rows(database, "SELECT DISTINCT carriers FROM states WHERE workspace_id = %s", workspace)
    assert any("yanwen" in carrier for (carrier,) in carriers)


def test_what_dies_between_taking_and_moving_is_taken_again_and_counts_once(database, workspace, bearer, folder):
    (folder / "list.csv").write_bytes(LIST)
    take(database, bearer, folder / "list.csv", NOW)
    watched(database, bearer, folder, 0, 6)
    drain(database, registry())
    assert count(database, workspace, "memberships") == 4
    assert verify(database, workspace) == []


def test_the_server_watches_the_folders_that_the_settings_name(database, workspace, folder, monkeypatch):
    (slug,) = rows(database, "SELECT slug FROM workspaces WHERE workspace_id = %s", workspace)[0]
    monkeypatch.setenv("EVERYLEG_INBOX", f"{slug}={folder}; nobody={folder}; /not/there")
    (folder / "yunexpress").mkdir()
    (folder / "yunexpress" / "list.csv").write_bytes(LIST)
    inbox = Inbox(database, registry().slug_of, Detector({}))
    assert [inbox.round(NOW + dt.timedelta(seconds=at)) for at in (0, 6)] == [0, 1]
    drain(database, registry())
    assert count(database, workspace, "memberships") == 4


def test_the_command(server, database, workspace, folder):
    environ = {**os.environ, "EVERYLEG_DATABASE_URL": server.conninfo(), "EVERYLEG_KEYS": str(folder / "keys.json")}
    (slug,) = rows(database, "SELECT slug FROM workspaces WHERE workspace_id = %s", workspace)[0]
    (folder / "traces.csv").write_bytes(TRACES)
    (folder / "empty.csv").write_bytes(csv_of(["姓名", "电话"], ["小陈", "1"]))

    def run(*args):
        command = [sys.executable, "-c", "from everyleg.cli import main; main()", "traces", *args, "--workspace", slug]
        return subprocess.run(command, capture_output=True, env=environ, cwd=folder, check=False)

    done = run("traces.csv", "--carrier", "yunexpress", "--json", "--rejected", "back.xlsx")
    told = json.loads(done.stdout)
    assert (told["files"][0]["rows"], told["files"][0]["refusals"][0]["row"], told["states"]) == (1, 3, 1)
    assert zipfile.is_zipfile(folder / "back.xlsx")
    wrong = run("empty.csv", "--carrier", "yunexpress")
    assert (wrong.returncode, wrong.stderr.count(b"\n")) == (2, 1)


def test_a_sheet_as_forwarders_keep_it_comes_to_states_whole(database, workspace, bearer):
    book = openpyxl.load_workbook(io.BytesIO(xlsx_of(
        ["提单号：784-55501121", "", ""],
        ["运单号", "袋号", "装袋时间（北京时间）"],
        [YT, "BG-1", "2026-11-18 21:10"],
        [UPS, "", ""],
        ["提单号", "状态", "时间(当地时间)", "机场"],
        ["784-55501121\n784-55501132", "到港", "19NOV26 2010", "LAX"],
        ["784-55501132", "放行", "11-20 15:00", "LAX"],
        ["合计", "2票", "", ""],
    )))  # fmt: skip
    book.active.merge_cells("B3:B4")
    book.active.merge_cells("C3:C4")
    out = io.BytesIO()
    book.save(out)
    (taken,) = bring(database, bearer, out.getvalue())
    assert (taken.rows, taken.refused, taken.parcels, taken.consolidations) == (4, [], 2, 2)
    bring(database, bearer, BAG.replace(b"BG-2", b"BG-1"))
    both = ["arrived_destination", "handed_to_last_mile"]
    assert told(database, workspace) == {YT: both, UPS: both}
    arrived = {t.events[0].occurred_at for t in timelines(database, workspace).values() if t is not None}
    assert arrived == {dt.datetime(2026, 11, 20, 4, 10, tzinfo=dt.UTC)}
    assert verify(database, workspace) == []
