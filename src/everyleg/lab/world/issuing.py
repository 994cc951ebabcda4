"""Tracking numbers in the carriers' own formats: one account's running numbers, check digit included."""

import re
from collections.abc import Sequence
from random import Random

from everyleg.lab.world.dice import seed_of
from everyleg.numbers.examples import example
from everyleg.numbers.formats import Format

_WIDTH = 8
_SPACE = 10**_WIDTH
_STEP = 48_271
"""Odd and no multiple of five, so that index × step runs through all serials before one comes back."""


class Issuer:
    """Numbers of one carrier: a made-up account, then a serial that no other parcel has."""

    def __init__(self, form: Format, seed: int, slug: str) -> None:
        self._form = form
        self._first = seed_of(seed, "serials", slug) % _SPACE
        dice = Random(seed_of(seed, "account", slug))  # noqa: S311 - repeatable, not secret
        self._account = min((example(form, dice) for _ in range(40)), key=len)  # without optional parts
        self._at, self._check = _layout(form, self._account)

    def number(self, index: int) -> str:
        """The number of the parcel with that index: other parcels have others, up to 100 million of them."""
        serial = (self._first + index * _STEP) % _SPACE
        return self._written(serial)

    def _written(self, serial: int) -> str:
        text = f"{self._account[: self._at]}{serial:0{_WIDTH}}{self._account[self._at + _WIDTH :]}"
        return _checked(self._form, text, self._check)


def issuer(formats: Sequence[Format], name: str, seed: int, slug: str) -> Issuer:
    """The issuer of a carrier's format of that name.

    Raises:
        ValueError: when the carrier has no such format, or none in which eight digits can run.
    """
    for form in formats:
        if form.name == name:
            return Issuer(form, seed, slug)
    raise ValueError(f"{slug} has no number format {name!r}; carriers.yaml of the world names it")


def _layout(form: Format, account: str) -> tuple[int, tuple[int, int, int] | None]:
    """Where the serial goes, and the check digit with the span that it checks."""
    split = re.fullmatch(form.pattern, account)
    check = None
    if form.check is not None and split is not None:
        groups = split.groupdict()
        body = split.span("body") if groups.get("body") else (0, len(account) - 1)
        check = (split.start("check") if "check" in groups else len(account) - 1, *body)
    for at in range(len(account) - _WIDTH, -1, -1):
        if check is not None and at <= check[0] < at + _WIDTH:
            continue
        samples = (f"{account[:at]}{digit * _WIDTH}{account[at + _WIDTH :]}" for digit in "0123456789")
        if all(re.fullmatch(form.pattern, _checked(form, sample, check)) for sample in samples):
            return at, check
    raise ValueError(f"{form.name}: no {_WIDTH} digits in a row can be chosen freely in {form.pattern}")


def _checked(form: Format, text: str, check: tuple[int, int, int] | None) -> str:
    if form.check is None or check is None:
        return text
    at, first, last = check
    return text[:at] + form.check.expected(form.check.prepend + text[first:last]) + text[at + 1 :]
