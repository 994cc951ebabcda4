"""Check digits: what the last character of a number must be, by named rule or by weights given as data.

Sources: UPU S10 and IATA air waybill as in public descriptions of the standards; GS1 General Specifications (mod 10);
ISO 7064 (mod 37,36); the carriers' rules as in tracking_number_data, CHECKSUM_ALGORITHMS.md (MIT, © 2017 Jeff Keen).
"""

from collections.abc import Callable
from itertools import cycle
from string import ascii_uppercase, digits
from types import MappingProxyType

from msgspec import Struct, field

_ALPHANUMERIC = digits + ascii_uppercase


class Weighted(Struct, frozen=True, forbid_unknown_fields=True):
    """A weighted sum of the characters, reduced to one digit. Weights count from the right, over and over.

    A letter counts as (ASCII code - 3) mod 10, the rule of UPS; numbers of other carriers have no letters there.
    """

    weights: tuple[int, ...]
    modulus: int = 10
    complement: bool = True
    """Whether the check digit fills the sum up to the modulus, or is the remainder itself."""
    fold: dict[int, int] = field(default_factory=lambda: {10: 0})
    """What stands for a result that is no single digit."""
    digit_sum: bool = False
    """Whether each product counts by the sum of its digits (Luhn)."""

    def __call__(self, body: str) -> str:
        """The check digit of `body`."""
        total = 0
        for char, weight in zip(reversed(body), cycle(self.weights), strict=False):
            times = weight * (int(char) if char.isdigit() else (ord(char) - 3) % 10)
            total += sum(divmod(times, 10)) if self.digit_sum else times
        rest = total % self.modulus
        result = self.modulus - rest if self.complement else rest
        return str(self.fold.get(result, result))


def mod7(body: str) -> str:
    """Remainder of the number by 7: air waybills, DHL Express, Japanese parcels."""
    return str(int(body) % 7)


def mod37_36(body: str) -> str:
    """ISO 7064 mod 37,36, a digit or letter: DPD."""
    rest = 36
    for char in body:
        rest = (rest + _ALPHANUMERIC.index(char)) % 36 or 36
        rest = rest * 2 % 37
    return _ALPHANUMERIC[(37 - rest) % 36]


RULES: MappingProxyType[str, Callable[[str], str]] = MappingProxyType(
    {
        "s10": Weighted((7, 9, 5, 3, 2, 4, 6, 8), 11, fold={10: 0, 11: 5}),
        "gs1": Weighted((3, 1)),
        "luhn": Weighted((2, 1), digit_sum=True),
        "ups": Weighted((1, 2)),
        "ontrac": Weighted((2, 1)),
        "fedex": Weighted((1, 3, 7), 11, complement=False),
        "mod7": mod7,
        "mod37_36": mod37_36,
    }
)
"""Rules by name. `gs1` serves SSCC, GTIN, USPS, Canada Post and FedEx Ground alike: they are one rule."""
