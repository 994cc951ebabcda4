"""The item identifier that all posts share (UPU S10): two service letters, eight digits, check digit, country letters.

Sources: the service letters and check digit as in tracking_number_data, couriers/s10.json (MIT, © 2017 Jeff Keen).
"""

from msgspec import convert

from everyleg.numbers.formats import S10, CarrierNumbers, Check, Format

SERVICES = {
    "E": "EMS",
    "C": "parcel post",
    "H": "parcel post, e-commerce",
    "L": "letter post, express or tracked packet",
    "R": "registered letter post",
    "U": "letter post without delivery scan",
    "V": "insured letter post",
    "M": "M-bag",
    "Q": "business reply",
    "B": "domestic or bilateral",
    "D": "domestic or bilateral",
    "N": "domestic or bilateral",
    "P": "domestic or bilateral",
    "Z": "domestic or bilateral",
}
"""What the first letter says."""

SOURCE = "UPU S10, as in tracking_number_data couriers/s10.json (MIT, © 2017 Jeff Keen)"


def s10_format(claim: S10) -> Format:
    """The format of the identifiers that one post issues."""
    starts = "|".join(start if len(start) == 2 else start + "[A-Z]" for start in claim.services) or "[A-Z]{2}"
    return Format(
        name="S10",
        pattern=rf"(?P<service>{starts})(?P<body>\d{{8}})(?P<check>\d){claim.country}",
        source=SOURCE,
        confidence="read",
        check=Check("s10"),
        weight=claim.weight,
        tables={"service": SERVICES},
    )


def formats_of(numbers: CarrierNumbers) -> list[Format]:
    """All formats of a carrier: those it spells out, and the posts' shared one where it issues such identifiers.

    Raises:
        msgspec.ValidationError: when an entry is not a format.
    """
    common = {"source": numbers.source, "confidence": numbers.confidence}
    own = [convert({**common, **entry}, Format) for entry in numbers.formats]
    return own + [s10_format(claim) for claim in numbers.s10]
