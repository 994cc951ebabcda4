"""Everyleg as on many machines: a PostgreSQL, perhaps a NATS cluster, and any number of roles, each its own process."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil

from everyleg.store.db import Database
from everyleg.store.errors import StoreError
from everyleg.store.migrations import migrate
from everyleg.store.sealing import load_keyring
from everyleg.store.server import PrivateServer, running
from everyleg.store.server.private import DATABASE
from tests.factories.nats import Nats, free_ports

SETTINGS = {"fsync": "off", "full_page_writes": "off"}
"""A killed process leaves its writes to the system, so the disk need not be waited for; commits are."""


class Postgres:
    """The database's server."""

    def __init__(self, folder):
        self._folder = folder
        self._server = PrivateServer(folder, SETTINGS).start()
        migrate(self._server.superuser_conninfo, login=DATABASE)
        self.conninfo = self._server.conninfo()

    def kill(self):
        """End it as if its power were gone: first the one that would clean up, then whoever is left."""
        seen = running.recorded(self._folder / "postgres")
        if seen is None:
            return
        with contextlib.suppress(psutil.Error):
            server = psutil.Process(seen.pid)
            everybody = [server, *server.children()]
            for process in everybody:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            psutil.wait_procs(everybody, timeout=5)

    def start(self):
        end = time.monotonic() + 30
        while True:
            try:
                PrivateServer(self._folder, SETTINGS).start()
            except StoreError:
                assert time.monotonic() < end
                time.sleep(0.1)
            else:
                return

    def close(self):
        self.kill()


class Role:
    """One process of `everyleg serve --role …`."""

    def __init__(self, role, environment, log, options=()):
        self.role, self._environment, self._options = role, environment, options
        (self.port,) = free_ports(1)
        self._log = log
        self.process = None
        self.started = 0

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        command = [sys.executable, "-c", "from everyleg.cli import main; main()", "serve", "--role", self.role]
        self.started += 1
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), *self._options],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
        )

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(20)

    def keep(self):
        """Start it again if it ended by itself, as systemd would."""
        if self.process is not None and self.process.poll() is not None:
            self.start()

    def end(self):
        """Ask it to end; gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)

    def healthy(self, path="/healthz"):
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(self.address + path, timeout=5, trust_env=False).status_code == 200
        return False

    def metrics(self):
        return httpx.get(self.address + "/metrics", timeout=10, trust_env=False).text


class Stack:
    """All of it; a context manager."""

    def __init__(self, roles=("ingest", "worker"), nats=0, disk_mb=None, settings=None):
        """`disk_mb`: the size of the database's disk; None: as it is. Only root can make one. `settings` for the roles."""
        self.folder = Path(tempfile.mkdtemp(prefix="everyleg-faults-"))
        self.folder.chmod(0o711)
        self._close = contextlib.ExitStack()
        self._close.callback(shutil.rmtree, self.folder, ignore_errors=True)
        if disk_mb is not None:
            (self.folder / "server").mkdir(mode=0o711)
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={disk_mb}m,mode=711", "small", self.folder / "server"], check=True
            )
            self._close.callback(subprocess.run, ["umount", "--lazy", self.folder / "server"], check=True)
        self.postgres = Postgres(self.folder / "server")
        self._close.callback(self.postgres.close)
        self.nats = self._close.enter_context(Nats(nats)) if nats else None
        self.log = self._close.enter_context((self.folder / "roles.log").open("ab"))
        (self.folder / "data").mkdir()
        keys = self.folder / "data" / "keys.json"
        self.database = self._close.enter_context(Database(self.postgres.conninfo, load_keyring(keys)))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("EVERYLEG_")},
            "EVERYLEG_DATABASE_URL": self.postgres.conninfo,
            "EVERYLEG_DATA": str(self.folder / "data"),
            **(self.nats.environment if self.nats else {}),
            **(settings or {}),
        }
        self.roles = [Role(role, self.environment, self.log) for role in roles]

    def __enter__(self):
        for role in self.roles:
            self._close.callback(role.kill)
            role.start()
        self.wait()
        return self

    def __exit__(self, *_):
        self._close.close()

    def wait(self, seconds=60):
        """Until every role answers."""
        end = time.monotonic() + seconds
        while not all(role.healthy() for role in self.roles):
            for role in self.roles:
                role.keep()
            assert time.monotonic() < end, self.said()
            time.sleep(0.1)

    def fill_disk(self):
        """Leave no room on the database's disk; gives the file that takes it."""
        filler = self.folder / "server" / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(64 * 1024))
        return filler

    def of(self, role):
        return [one for one in self.roles if one.role == role]

    def said(self):
        """The end of what the roles wrote."""
        self.log.flush()
        return (self.folder / "roles.log").read_text(errors="replace")[-3000:]


def damage(node, chance: random.Random):
    """Do to a killed NATS server's files what disks do: lose them, cut them, flip bits in them; says what."""
    how = chance.choice(["deleted", "cut", "flipped"])
    files = [path for path in node.store.rglob("*") if path.is_file() and path.stat().st_size]
    if how == "deleted" or not files:
        shutil.rmtree(node.store, ignore_errors=True)
        return "deleted"
    for path in chance.sample(files, min(3, len(files))):
        data = bytearray(path.read_bytes())
        if how == "cut":
            del data[len(data) // 2 :]
        else:
            for _ in range(8):
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
    return how
