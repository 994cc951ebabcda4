"""The spool: on the disk before anybody is told, whole whatever tears it."""

import datetime as dt
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everyleg.api.intake.spool import Spool
from everyleg.pipeline.intake import Received
from everyleg.store.sealing import Keyring

KEYS = Keyring({1: bytes(32)}, b"look up")
NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def item(n):
    return Received(1, "webhook", "acme", f"body {n}".encode(), (), NOW)


def emptied(folder):
    got = []
    Spool(folder, KEYS).empty_into(got.extend)
    return [one.body for one in got]


def bodies(*numbers):
    return [f"body {n}".encode() for n in numbers]


def three_records():
    """A folder with a file of three records, and where each of them ends."""
    folder = Path(tempfile.mkdtemp())
    spool = Spool(folder, KEYS)
    ends = []
    for n in range(3):
        spool.append([item(n)])
        (path,) = folder.glob("*.spool")
        ends.append(path.stat().st_size)
    spool.close()
    return folder, path, ends


def test_what_was_spooled_is_handed_over_once_in_order(folder):
    spool = Spool(folder, KEYS)
    spool.append([item(1), item(2)])
    spool.append([item(3)])
    spool.close()
    assert emptied(folder) == bodies(1, 2, 3)
    assert emptied(folder) == []
    assert list(folder.iterdir()) == []


def test_nothing_in_it_can_be_read_without_the_keyring(folder):
    spool = Spool(folder, KEYS)
    spool.append([item(1)])
    spool.close()
    assert all(b"body" not in path.read_bytes() for path in folder.glob("*.spool"))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.binary(max_size=30))
def test_a_file_torn_anywhere_counts_up_to_its_last_whole_record(cut, garbage):
    folder, path, ends = three_records()
    whole = path.read_bytes()[:cut]
    path.write_bytes(whole + garbage if len(whole) == cut else whole)
    assert emptied(folder) == bodies(*(n for n, end in enumerate(ends) if end <= len(whole)))
    shutil.rmtree(folder)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_byte_that_a_disk_spoilt_takes_no_record_with_it_but_its_own(place, change):
    folder, path, ends = three_records()
    written = bytearray(path.read_bytes())
    place %= len(written)
    written[place] ^= change
    path.write_bytes(written)

    spoilt = next(n for n, end in enumerate(ends) if place < end)
    assert emptied(folder) == bodies(*(n for n in range(3) if n != spoilt))
    aside = [path.read_bytes() for path in folder.iterdir()]
    assert aside == ([bytes(written)] if spoilt < 2 else [])  # at the end it is what a killed process left
    shutil.rmtree(folder)


def test_what_the_store_does_not_take_stays(folder):
    spool = Spool(folder, KEYS)
    spool.append([item(1)])

    def down(_):
        raise ConnectionError

    with pytest.raises(ConnectionError):
        spool.empty_into(down)
    assert emptied(folder) == bodies(1)


def test_a_file_that_is_being_written_is_left_to_its_writer(folder):
    spool = Spool(folder, KEYS)
    spool.append([item(1)])
    assert emptied(folder) == []
    spool.append([item(2)])
    got = []
    spool.empty_into(got.extend)
    assert [one.body for one in got] == bodies(1, 2)


WRITER = """
import sys
from everyleg.api.intake.spool import Spool
from tests.integration.intake.test_spool import KEYS, item
from pathlib import Path
spool = Spool(Path(sys.argv[1]), KEYS)
for n in range(1_000_000):
    spool.append([item(n)])
    print(n, flush=True)
"""


def test_whatever_a_killed_process_acknowledged_is_there(folder):
    with subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE) as writer:
        for _ in range(50):
            last = int(writer.stdout.readline())
        assert emptied(folder) == []  # it is alive, and the file its own
        writer.kill()
        last = max([last, *map(int, writer.stdout.read().split())])
    got = emptied(folder)
    assert got[: last + 1] == bodies(*range(last + 1))
    assert len(got) <= last + 2
