"""The command as a person meets it: exit codes, one document on standard output, one helpful line on standard error."""

import json
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

JOURNEY = Path(str(resources.files("everyleg.lab").joinpath("journey")))
USPS = JOURNEY / "4-usps-delivered.json"


def run(*arguments, stdin=b"", **environment):
    return subprocess.run(
        [sys.executable, "-c", "from everyleg.cli import main; main()", *map(str, arguments)],
        input=stdin, capture_output=True, env={**os.environ, "COLUMNS": "200", **environment}, check=False, timeout=60,
    )  # fmt: skip


def said(done):
    return done.stderr.decode()


def test_a_raw_answer_becomes_a_reading():
    done = run("normalize", "--carrier", "usps", USPS)
    reading = json.loads(done.stdout)
    assert done.returncode == 0
    assert reading["schema"] == 1
    (result,) = reading["results"]
    assert (result["outcome"], result["events"][-1]["sub_status"]) == ("found", "delivered")
    assert list(reading) == ["schema", "carrier", "reading", "results", "warnings"]
    assert list(result) == [
        "asked", "outcome", "reason", "retry_after_s", "tracking_number", "aliases", "pieces", "estimated_delivery",
        "flights", "batch", "proof", "weight_kg", "state_hint", "complete", "events",
    ]  # fmt: skip
    assert list(result["events"][0]) == [
        "carrier", "tracking_number", "stage", "milestone", "sub_status", "occurred_local", "utc_offset", "time_basis",
        "occurred_at", "uncertainty_s", "place", "code", "text", "lang", "source", "observed_at", "observation", "key",
        "withdrawn",
    ]  # fmt: skip


def test_standard_input_reads_the_same_as_the_file():
    from_file = run("normalize", "--carrier", "usps", USPS).stdout
    assert run("normalize", "--carrier", "usps", "-", stdin=USPS.read_bytes()).stdout == from_file


def test_several_numbers_may_follow_one_option():
    done = run("normalize", "--carrier", "usps", "--number", "9200190300000000000017", "B2", USPS)
    assert [(r["asked"], r["outcome"]) for r in json.loads(done.stdout)["results"]] == [
        ("9200190300000000000017", "found"),
        ("B2", "failed"),
    ]


BAD = {
    "cut": (USPS.read_bytes()[:700], "unreadable"),
    "html": (b"<!DOCTYPE html><html><body>Welcome</body></html>", "unreadable"),
    "another carrier's": ((JOURNEY / "2-yunexpress.json").read_bytes(), "wrong_carrier"),
    "entity bomb": (b'<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]><a>&c;</a>', "unreadable"),
    "external entity": (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "unreadable"),
    "50 MB": (b'{"a": "' + b"x" * 50_000_000 + b'"}', "unreadable"),
    "NUL bytes": (b"\x00" + USPS.read_bytes(), "unreadable"),
    "invalid UTF-8": (USPS.read_bytes().replace(b"DALLAS", b"DAL\xff\xfeAS"), "unreadable"),
    "empty": (b"", "unreadable"),
}


@pytest.mark.parametrize(("body", "kind"), BAD.values(), ids=list(BAD))
def test_bad_input_is_failed_with_its_kind_and_one_line_that_helps(body, kind):
    done = run("normalize", "--carrier", "usps", "-", stdin=body)
    assert done.returncode == 2
    assert json.loads(done.stdout)["results"][0]["reason"]["kind"] == kind
    assert said(done).count("\n") == 1
    assert said(done).startswith("everyleg: -: not an answer of usps: ")
    assert "Traceback" not in said(done)


def test_a_chinese_charset_that_nobody_declared_is_read():
    body = (JOURNEY / "1-czl.json").read_text(encoding="utf-8").encode("gb18030")
    done = run("normalize", "--carrier", "czl", "-", stdin=body)
    assert done.returncode == 0
    assert "快件已揽收" in done.stdout.decode()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["normalize", "--carrier", "uspss", USPS], "did you mean usps"),
        (["normalize", "--carrier", "usps", "missing.json"], "missing.json: No such file"),
        (["normalize", "--carrier", "usps", "--observed-at", "2026-11-20", USPS], "has no offset"),
        (["timeline"], "SLUG=FILE"),
        (["timeline", USPS], "whose answer is it"),
        (["fold", JOURNEY / "missing.json"], "No such file"),
        (["detect"], "no number given"),
        (["classify"], "text"),
        (["carriers", "show", "nobody-such"], "no carrier is called"),
        (["carriers", "draft", USPS.parent / "__init__.py"], "No such file"),
    ],
    ids=lambda value: " ".join(map(str, value))[:40] if isinstance(value, list) else "",
)
def test_a_mistake_is_answered_with_what_to_do(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2
    assert words in said(done)
    assert "Traceback" not in said(done)


def test_answers_of_three_carriers_become_one_journey():
    files = [
        f"{s}={JOURNEY / f}" for s, f in (("czl", "1-czl.json"), ("yunexpress", "2-yunexpress.json"), ("usps", USPS))
    ]
    (timeline,) = json.loads(run("timeline", "--json", *files).stdout)
    assert (timeline["milestone"], timeline["stage"], len(timeline["legs"])) == ("delivered", "last_mile", 3)
    assert [h["missing"] for h in timeline["handoffs"]] == ["release", None]
    assert any(len(event["witnesses"]) == 2 for event in timeline["events"])
    assert "view" not in timeline


def test_any_order_of_answers_gives_the_same_journey():
    files = [
        f"{s}={JOURNEY / f}" for s, f in (("czl", "1-czl.json"), ("yunexpress", "2-yunexpress.json"), ("usps", USPS))
    ]
    assert run("timeline", "--json", *files).stdout == run("timeline", "--json", *reversed(files), files[0]).stdout


def test_a_moment_adds_what_needs_the_clock():
    done = run("timeline", "--json", "--now", "2026-11-12T00:00:00Z", f"yunexpress={JOURNEY / '2-yunexpress.json'}")
    view = json.loads(done.stdout)[0]["view"]
    assert view["now"] == "2026-11-12T00:00:00Z"
    assert view["overdue"] is False


@pytest.mark.parametrize(("lang", "words"), [("en", "Delivered"), ("zh", "成功签收")])
def test_the_demo_tells_the_journey_in_two_languages(lang, words):
    done = run("demo", "--lang", lang)
    assert done.returncode == 0
    assert words in done.stdout.decode()


def test_carriers_are_listed_as_the_contract_says():
    rows = json.loads(run("carriers", "list", "--json").stdout)
    assert list(rows[0]) == ["slug", "names", "aliases", "kind", "tier", "readings"]
    usps = next(row for row in rows if row["slug"] == "usps")
    assert usps["aliases"] == {"aftership": ["usps"], "17track": ["21051"], "kuaidi100": ["usps"]}


def test_a_new_carrier_needs_no_python(tmp_path):
    plugins = {"EVERYLEG_PLUGINS": str(tmp_path)}
    assert run("carriers", "new", "my-forwarder", "--name", "My Forwarder", **plugins).returncode == 0
    folder = tmp_path / "my_forwarder"
    sample = {"trackingNo": "MF0001", "traces": [
        {"when": "2026-11-02 10:00:00", "code": "PU", "what": "Picked up at Example Road", "city": "Lyon"},
        {"when": "2026-11-03 10:00:00", "code": "DL", "what": "Delivered to Example", "city": "Paris"},
    ]}  # fmt: skip
    (folder / "samples" / "first.json").write_text(json.dumps(sample))
    draft = run("carriers", "draft", folder / "samples" / "first.json").stdout.decode()
    extra = "tier: bronze\nverified: {against: documents, on: 2026-11-22}\nzone: {home: Europe/Paris}\n"
    with (folder / "carrier.yaml").open("a") as manifest:
        manifest.write(extra + draft)
    (folder / "codes.yaml").write_text("codes: {PU: picked_up, DL: delivered}\n")
    assert run("carriers", "check", "my-forwarder", "--write", **plugins).returncode == 0
    done = run("carriers", "check", "my-forwarder", **plugins)
    assert done.returncode == 0, said(done)
    assert "2 of 2 events mapped" in done.stdout.decode()


def test_code_of_plugins_runs_only_when_it_is_allowed(tmp_path):
    folder = tmp_path / "sly"
    folder.mkdir()
    (folder / "carrier.yaml").write_text("slug: sly\nnames: {en: Sly, zh: Sly}\n")
    (folder / "read.py").write_text("def read(tree):\n    return tree\n")
    done = run("carriers", "show", "sly", EVERYLEG_PLUGINS=str(tmp_path))
    assert done.returncode == 2
    assert "EVERYLEG_PLUGIN_CODE=1" in said(done)
    assert run("carriers", "show", "sly", EVERYLEG_PLUGINS=str(tmp_path), EVERYLEG_PLUGIN_CODE="1").returncode == 0


def test_a_broken_manifest_says_where_and_what(tmp_path):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "carrier.yaml").write_text("slug: broken\nnames: {en: B, zh: B}\nkind: spaceship\n")
    done = run("carriers", "show", "broken", EVERYLEG_PLUGINS=str(tmp_path))
    assert done.returncode == 2
    assert "carrier.yaml" in said(done)
    assert "kind" in said(done)
