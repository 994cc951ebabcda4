"""Docs that cannot rot."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_words_page_is_the_vocabulary():
    done = subprocess.run(
        [sys.executable, "scripts/words.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_setting_is_documented():
    used = {name for p in (ROOT / "src").rglob("*.py") for name in re.findall(r'"(EVERYLEG_[A-Z_]+)"', p.read_text())}
    documented = set(re.findall(r"`(EVERYLEG_[A-Z_]+)`", (ROOT / "docs/settings.md").read_text()))
    assert used == documented


def test_every_command_is_in_the_readme():
    commands = re.findall(r'^    "([a-z]+)": "', (ROOT / "src/everyleg/cli/__init__.py").read_text(), re.MULTILINE)
    readme = (ROOT / "README.md").read_text()
    assert [c for c in commands if f"everyleg {c}" not in readme and c != "demo"] == []


def test_links_between_documents_lead_somewhere():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []
