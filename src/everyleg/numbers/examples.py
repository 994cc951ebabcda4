"""Made-up numbers of a format, with the right check digit: for benches, tests and worlds."""

import re
from random import Random

from everyleg.numbers.formats import Format
from everyleg.numbers.patterns import parse, sample


def example(form: Format, rng: Random) -> str:
    """A number that fits the format, check digit included."""
    while True:
        text = sample(parse(form.pattern), rng)
        if form.check is None:
            return text
        split = re.fullmatch(form.pattern, text)
        groups = split.groupdict() if split else {}
        digit = form.check.expected(form.check.prepend + (groups.get("body") or text[:-1]))
        at = split.start("check") if split and "check" in groups else len(text) - 1
        fitted = text[:at] + digit + text[at + 1 :]
        if re.fullmatch(form.pattern, fitted):
            return fitted
