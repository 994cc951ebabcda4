"""The catalogue holds every carrier of the reference, with its names, keys, codes and page."""

import re

import pytest

from everyleg.app.plugins import registry
from everyleg.app.settings import shared_folder

SHARED = shared_folder()
pytestmark = pytest.mark.skipif(
    SHARED is None, reason="no shared reference: set EVERYLEG_SHARED or put it beside the checkout"
)


def carriers() -> list[list[str]]:
    """Rows of the table of identities: slug, name, 中文, country, kind, 17TRACK, AfterShip, Kuaidi100."""
    if SHARED is None:
        return []
    text = (SHARED / "reference" / "carriers.md").read_text(encoding="utf-8")
    section = text.partition("## 1. ")[2].partition("\n## ")[0]
    rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines())
    return [row for row in rows if len(row) == 8 and row[0].startswith("`")]


ROWS = carriers()


def names(cell: str) -> set[str]:
    """Words of a cell that were read in a source (`✓`); those recalled (`r`) are left out."""
    return set(re.findall(r"([a-z0-9_-]+) ✓", cell))


def test_the_reference_lists_the_carriers():
    assert len(ROWS) >= 96


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip("`"))
def test_the_catalogue_knows_a_carrier_as_the_reference_does(row):
    slug, _, zh, country, _, track17, aftership, kuaidi100 = row
    manifest = registry().manifest(slug.strip("`"))
    assert manifest.names.zh == zh
    assert manifest.country and country.startswith(manifest.country)
    assert set(re.findall(r"\d{4,}", track17)) <= set(manifest.aliases.track17)
    assert names(aftership) <= set(manifest.aliases.aftership)
    assert names(kuaidi100) <= set(manifest.aliases.kuaidi100)
    assert manifest.tracking_page


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip("`"))
def test_no_word_of_another_system_means_two_carriers(row):
    mine = registry().manifest(row[0].strip("`"))
    others = [m for m in registry().manifests() if m.slug != mine.slug]
    for kind in ("track17", "kuaidi100", "aftership"):
        taken = {word for m in others for word in getattr(m.aliases, kind)}
        assert not taken & set(getattr(mine.aliases, kind)), kind
