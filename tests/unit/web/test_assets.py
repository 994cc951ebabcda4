"""What the pages load: from npm by a lock without addresses, from our own address only."""

import json
import re
from pathlib import Path

import pytest

import everyleg.web
from everyleg.web.static_files import MissingAssetError, address, load

ROOT = Path(__file__).parents[3]
WEB = Path(everyleg.web.__file__).parent
LOCK = (ROOT / "package-lock.json").read_text(encoding="utf-8")


def test_the_lock_records_no_addresses():
    assert "resolved" not in LOCK
    assert "://" not in LOCK


def test_everything_locked_has_its_hash():
    packages = {name: p for name, p in json.loads(LOCK)["packages"].items() if name}
    assert packages
    assert all(p["integrity"].startswith("sha512-") for p in packages.values())


def test_versions_are_exact_and_those_of_the_lock():
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    locked = json.loads(LOCK)["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted


@pytest.mark.parametrize("path", sorted(p.relative_to(WEB) for p in WEB.rglob("*.html")), ids=str)
def test_templates_load_nothing_from_elsewhere_and_have_nothing_inline(path):
    text = (WEB / path).read_text(encoding="utf-8")
    assert re.findall(r"""(?:src|href|action)=["']https?:""", text) == []
    assert re.findall(r"<script>|<style|\sstyle=|\son[a-z]+=", text) == []


def test_styles_and_scripts_ask_for_nothing_from_elsewhere():
    for name in ("everyleg.css", "everyleg.js", "tabler.min.css", "htmx.min.js"):
        text = load(name).plain.decode()
        assert re.findall(r"url\(\s*[\"']?https?:|@import", text) == []


def test_an_address_changes_with_its_file():
    assert re.fullmatch(r"/assets/everyleg\.css\?[0-9a-f]{12}", address("everyleg.css"))


@pytest.mark.parametrize("name", ["../app.py", "nothing.css", "app.py", ".."])
def test_nothing_else_is_given_out(name):
    with pytest.raises(MissingAssetError, match="make setup"):
        load(name)
