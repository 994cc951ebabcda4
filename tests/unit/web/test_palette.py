"""Our colours can be told apart: 4.5:1 for text, 3:1 for what is drawn, in light and dark."""

import re
from pathlib import Path

import pytest

import everyleg.web

CSS = (Path(everyleg.web.__file__).parent / "static/everyleg.css").read_text(encoding="utf-8")
LIGHT, DARK = (dict(re.findall(r"--ev-([a-z-]+): (#[0-9a-f]{6});", block)) for block in CSS.split("}")[:2])
THEMES = {"light": LIGHT, "dark": DARK}
TEXT = [
    *((ink, paper) for ink in ("ink", "soft", "brand", "warm", "hot", "blind") for paper in ("paper", "card")),
    ("on-brand", "brand"), ("ink", "tint"), ("brand", "tint"),
    ("ink", "warm-tint"), ("ink", "hot-tint"), ("ink", "blind-tint"),
]  # fmt: skip
DRAWN = [(line, paper) for line in ("past", "faint", "brand", "warm", "hot", "blind") for paper in ("paper", "card")]


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("pair", TEXT)
def test_text_can_be_read(theme, pair):
    ink, paper = (THEMES[theme][name] for name in pair)
    assert contrast(ink, paper) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("pair", DRAWN)
def test_what_is_drawn_can_be_seen(theme, pair):
    line, paper = (THEMES[theme][name] for name in pair)
    assert contrast(line, paper) >= 3


def test_pages_without_a_script_have_the_same_dark_colours():
    block = CSS[CSS.index("@media (prefers-color-scheme: dark)") :].split("}")[0]
    assert dict(re.findall(r"--ev-([a-z-]+): (#[0-9a-f]{6});", block)) == DARK


def seen_by(colour, matrix):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [sum(m * p for m, p in zip(row, parts, strict=True)) for row in matrix]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    "matrix",
    [
        ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
        ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
        ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
    ],
    ids=["protanopia", "deuteranopia", "tritanopia"],
)
def test_calm_warm_and_hot_differ_for_the_colour_blind(theme, matrix):
    """Simulated after Machado et al. 2009; a sign and a word stand beside each tone anyway."""
    tones = [seen_by(THEMES[theme][name], matrix) for name in ("brand", "warm", "hot")]
    for i, one in enumerate(tones):
        for other in tones[i + 1 :]:
            assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 0.08
