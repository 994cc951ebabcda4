"""Whether the servers of the replicated log are as durable as they must be.

By default a server of NATS acknowledges before its disk has a message and syncs every two minutes, so a power cut of
several nodes loses what was acknowledged. `sync_interval: always` in each server's `jetstream` block mends it; here
each is asked for it over its monitoring port (`/varz`: `jetstream.config.sync_always`).
"""

from collections.abc import Sequence
from typing import Any

import httpx

from everyleg.store.journal.entries import JournalError

PATIENCE_S = 2.0


class JournalAwayError(JournalError):
    """Too few servers answer; they may later."""


def check_servers(monitors: Sequence[str], replicas: int) -> None:
    """See that every server that answers syncs always, and that enough of them answer.

    Args:
        monitors: addresses of the monitoring ports, one a server (`http://nats-1:8222`).
        replicas: how many copies of each message there are to be.

    Raises:
        JournalAwayError: fewer than a majority of the replicas answer.
        JournalError: a server answers and does not sync, or there are fewer servers than replicas.
    """
    if len(monitors) < replicas:
        raise JournalError(
            f"{replicas} copies of each message need {replicas} servers, and {len(monitors)} are named: name the "
            "monitoring port of each in EVERYLEG_NATS_MONITOR, or lower EVERYLEG_NATS_REPLICAS"
        )
    answers = {url: found for url in monitors if (found := _varz(url)) is not None}
    for url, varz in answers.items():
        _refuse_lax(url, varz)
    majority = replicas // 2 + 1
    if len(answers) < majority:
        raise JournalAwayError(
            f"{len(answers)} of {len(monitors)} servers of the journal answer at their monitoring ports, and {majority}"
            " must: start them, or mend EVERYLEG_NATS_MONITOR"
        )


def _varz(url: str) -> dict[str, Any] | None:
    try:
        answer = httpx.get(f"{url.rstrip('/')}/varz", timeout=PATIENCE_S, trust_env=False)
        found = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _refuse_lax(url: str, varz: dict[str, Any]) -> None:
    config = (varz.get("jetstream") or {}).get("config") or {}
    name = varz.get("server_name") or url
    if not config:
        raise JournalError(f"the NATS server {name} runs without JetStream: add a `jetstream` block to its file")
    if config.get("sync_always") is not True:
        raise JournalError(
            f"the NATS server {name} acknowledges before its disk has a message: "
            "set `sync_interval: always` in the `jetstream` block of its file and restart it"
        )
