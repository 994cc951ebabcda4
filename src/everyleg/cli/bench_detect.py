"""How fast numbers are matched, beside a plain loop over the same expressions in the same run.

Figures are numbers per second. `loop` is the ratio for the product's own patterns; the generated sets of 100, 400 and
1,400 patterns show whether the cost stays flat while a loop's grows.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from random import Random
from string import ascii_uppercase
from time import perf_counter
from typing import Any

from everyleg.app.plugins import roots
from everyleg.cli.bench_report import report
from everyleg.numbers.detector import Detector
from everyleg.numbers.examples import example
from everyleg.numbers.formats import Format
from everyleg.ports.number_formats import load_formats

NUMBERS = 2000
REPEATS = 5
SIZES = (100, 400, 1400)
GOALS = {"loop": (10.0, 25.0), "flat": (0.3, 0.6)}
"""By ratio: the floor, and what is aimed at."""


def run(seed: int) -> dict[str, Any]:
    """Measure; the result is the bench document of the contracts."""
    rng = Random(seed)  # noqa: S311 - made-up numbers, no secrets
    start = perf_counter()
    own = load_formats(roots())
    loaded = perf_counter()
    detector = Detector(own)
    built = perf_counter()
    formats = [form for forms in own.values() for form in forms]
    numbers = _numbers(formats, rng)
    figures = {"patterns": float(len({form.pattern for form in formats})), "numbers": float(len(numbers))}
    figures |= {"load_ms": (loaded - start) * 1000, "build_ms": (built - loaded) * 1000}
    figures |= _compared(detector, formats, numbers, "")
    figures["detect_per_second"] = _rate(detector.detect, numbers)
    for size in SIZES:
        made = _made_up(size, rng)
        figures |= _compared(Detector({"made-up": made}), made, _numbers(made, rng), f"_{size}")
    ratios = {
        "loop": figures["matching_per_second"] / figures["loop_per_second"],
        "loop_1400": figures["matching_1400_per_second"] / figures["loop_1400_per_second"],
        "flat": figures["matching_1400_per_second"] / figures["matching_100_per_second"],
    }
    rounded = {name: round(value, 3) for name, value in ratios.items()}
    return report("detect", seed, {name: round(value, 1) for name, value in figures.items()}, rounded, GOALS)


def _compared(detector: Detector, formats: Iterable[Format], numbers: Sequence[str], name: str) -> dict[str, float]:
    """Numbers per second through the set, and through a loop over the same expressions compiled one by one."""
    matchers = [re.compile(pattern).fullmatch for pattern in dict.fromkeys(form.pattern for form in formats)]

    def loop(text: str) -> list[int]:
        return [index for index, matches in enumerate(matchers) if matches(text)]

    for text in numbers[:50]:
        if sorted(detector.matching(text)) != loop(text):
            raise AssertionError(f"the set and the loop disagree on {text}")
    return {
        f"matching{name}_per_second": _rate(detector.matching, numbers),
        f"loop{name}_per_second": _rate(loop, numbers, repeats=1),
    }


def _rate(match: Callable[[str], object], numbers: Sequence[str], repeats: int = REPEATS) -> float:
    best = float("inf")
    for _ in range(repeats):
        start = perf_counter()
        for text in numbers:
            match(text)
        best = min(best, perf_counter() - start)
    return len(numbers) / best


def _numbers(formats: Sequence[Format], rng: Random) -> list[str]:
    """Valid numbers, each format in turn, and one in four of them mistyped in one place."""
    found = [example(formats[index % len(formats)], rng) for index in range(NUMBERS)]
    return [_mistyped(text, rng) if rng.random() < 0.25 else text for text in found]


def _mistyped(text: str, rng: Random) -> str:
    at = rng.randrange(len(text))
    return text[:at] + rng.choice("0123456789") + text[at + 1 :]


def _made_up(count: int, rng: Random) -> list[Format]:
    return [Format(f"made-up {index}", _pattern(rng), "made up", "recalled") for index in range(count)]


def _pattern(rng: Random) -> str:
    """The shapes that real carriers use: letters in front, digits of some length, perhaps letters at the end."""
    start = "".join(rng.choices(ascii_uppercase, k=rng.choice((0, 2, 2, 3, 3, 4))))
    length = rng.randint(8, 22)
    middle = rng.choice((rf"\d{{{length}}}", rf"\d{{{length},{length + 3}}}", rf"[0-9A-Z]{{{length}}}"))
    end = rng.choice(("", "", "".join(rng.choices(ascii_uppercase, k=2))))
    return (start or f"{rng.randint(10, 999)}") + middle + end
