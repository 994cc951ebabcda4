"""A cluster of real NATS servers, each a process of its own that may be killed, stopped and damaged."""

import contextlib
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from pathlib import Path

import httpx

PROGRAM = Path(sysconfig.get_path("scripts")) / "nats-server"

CONF = """
listen: 127.0.0.1:{port}
http: 127.0.0.1:{monitor}
server_name: {name}
jetstream {{ store_dir: "{store}", max_file_store: 1GB{sync} }}
{cluster}
"""
CLUSTER = """
cluster {{ name: parcels, listen: 127.0.0.1:{route}, routes: [{routes}] }}
"""


def free_ports(count):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Node:
    """One server."""

    def __init__(self, folder, name, ports, routes, sync):
        self.name, self.store = name, folder / name
        self.port, self.monitor, route = ports
        self.url, self.varz = f"nats://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.monitor}"
        others = CLUSTER.format(route=route, routes=", ".join(f'"nats://127.0.0.1:{r}"' for r in routes))
        self._file = folder / f"{name}.conf"
        self._file.write_text(
            CONF.format(
                port=self.port, monitor=self.monitor, name=name, store=self.store,
                sync=", sync_interval: always" if sync else "", cluster=others if len(routes) > 1 else "",
            )
        )  # fmt: skip
        self._log = (folder / f"{name}.log").open("ab")
        self.process = None

    def start(self):
        self.process = subprocess.Popen([PROGRAM, "-c", self._file], stdout=self._log, stderr=self._log)

    def end(self, how=signal.SIGKILL):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(20)

    def healthy(self):
        try:
            return httpx.get(f"{self.varz}/healthz", timeout=1, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def close(self):
        self.end()
        self._log.close()


class Nats:
    """Some servers that know each other; a context manager."""

    def __init__(self, count=3, sync=True):
        self.folder = Path(tempfile.mkdtemp(prefix="everyleg-nats-"))
        ports = free_ports(3 * count)
        routes = ports[2::3]
        self.nodes = [Node(self.folder, f"n{i}", ports[3 * i : 3 * i + 3], routes, sync) for i in range(count)]

    def __enter__(self):
        for node in self.nodes:
            node.start()
        self.wait()
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait(self, seconds=30):
        """Until all are there and agree."""
        end = time.monotonic() + seconds
        while not all(node.healthy() for node in self.nodes):
            assert time.monotonic() < end, "the servers do not come up"
            time.sleep(0.05)

    @property
    def environment(self):
        """The settings by which Everyleg finds them."""
        return {
            "EVERYLEG_JOURNAL": "jetstream",
            "EVERYLEG_NATS_URL": ",".join(node.url for node in self.nodes),
            "EVERYLEG_NATS_MONITOR": ",".join(node.varz for node in self.nodes),
            "EVERYLEG_NATS_REPLICAS": str(len(self.nodes)),
        }
