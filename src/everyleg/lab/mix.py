"""The fixed mix of answers that `everyleg bench normalize` reads: small and large, JSON and XML, by seed."""

import random
from datetime import UTC, datetime, timedelta, timezone

from msgspec import Struct

from everyleg.lab.rendering.scans import Scan, Shape, Shown
from everyleg.lab.rendering.shapes import SHAPES
from everyleg.lab.rendering.shapes.dhl_express import XML_PI

SIZES = (1, 2, 4, 8, 15, 30)
"""Events of an answer, each as often as the others."""

_PLACES = (
    ("Shenzhen", "GD", "CN", "518000", "SZX", 480), ("Hong Kong", "", "HK", "", "HKG", 480),
    ("Leipzig", "SN", "DE", "04435", "LEJ", 60), ("Cincinnati", "OH", "US", "45202", "CVG", -300),
    ("Toronto", "ON", "CA", "M5V", "YYZ", -300), ("Lyon", "", "FR", "69002", "LYS", 60),
    ("Memphis", "TN", "US", "38118", "MEM", -360), ("Montreal", "QC", "CA", "H4S", "YUL", -300),
    ("Dallas", "TX", "US", "75201", "DFW", -360), ("Berlin", "BE", "DE", "10437", "BER", 60),
)  # fmt: skip
_SAID = {
    "ups": (
        ("OR", "Origin Scan"),
        ("DP", "Departed from Facility"),
        ("AR", "Arrived at Facility"),
        ("OT", "Out For Delivery Today"),
        ("FS", "DELIVERED"),
    ),
    "fedex": (
        ("PU", "Picked up"),
        ("DP", "Left FedEx origin facility"),
        ("AR", "Arrived at FedEx location"),
        ("OD", "On FedEx vehicle for delivery"),
        ("DL", "Delivered"),
    ),
    "usps": (
        ("03", "Acceptance"),
        ("10", "Arrived at USPS Regional Facility"),
        ("T1", "Departed USPS Facility"),
        ("OF", "Out for Delivery"),
        ("01", "Delivered, In/At Mailbox"),
    ),
    "dhl-express": (
        ("PU", "Shipment picked up"),
        ("PL", "Processed"),
        ("DF", "Departed Facility"),
        ("AF", "Arrived Facility"),
        ("WC", "With delivery courier"),
        ("OK", "Delivered"),
    ),
    "gls": (
        ("INTIAL.NORMAL", "The parcel was handed over to GLS."),
        ("INBOUND.NORMAL", "The parcel has reached the parcel center."),
        ("OUTDEL.NORMAL", "The parcel is out for delivery."),
        ("DELIVD.NORMAL", "The parcel has been delivered."),
    ),
    "yanwen": (
        ("PU10", "Picked up"),
        ("SC10", "Received at the sorting centre"),
        ("LH20", "Flight departed"),
        ("LH30", "Arrived at destination"),
        ("LM40", "Delivered"),
    ),
    "canada-post": (
        ("3000", "Item picked up"),
        ("100", "Item processed"),
        ("0170", "Item in transit"),
        ("0174", "Item out for delivery"),
        ("1408", "Item delivered"),
    ),
    "purolator": (
        ("ProofOfPickUp", "Picked up by Purolator"),
        ("Other", "Departed sort facility"),
        ("Other", "Arrived at sort facility"),
        ("OnDelivery", "On vehicle for delivery"),
        ("Delivery", "Shipment delivered"),
    ),
    "chronopost": (
        ("DC", "Envoi en préparation"),
        ("PC", "Envoi pris en charge"),
        ("TS", "Tri effectué dans l'agence de départ"),
        ("TA", "Envoi en cours de livraison"),
        ("D", "Envoi livré"),
    ),
}
"""Codes and words of each carrier, in the order of a way."""
_SHAPES: tuple[Shape, ...] = (
    *(SHAPES[slug] for slug in ("ups", "fedex", "usps", "dhl-express", "gls", "yanwen")),
    XML_PI,
    *(SHAPES[slug] for slug in ("canada-post", "purolator", "chronopost")),
)


class Sample(Struct, frozen=True):
    """One answer of the mix."""

    slug: str
    kind: str
    """`json` or `xml`."""
    body: bytes


def answers(seed: int, rounds: int = 8) -> list[Sample]:
    """`rounds` answers of each shape in each size; no two share their times."""
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    return [
        Sample(shape.slug, _kind(shape), shape.found([Shown(_number(dice), _scans(shape.slug, size, dice))]))
        for _ in range(rounds)
        for size in SIZES
        for shape in _SHAPES
    ]


class Way(Struct, frozen=True):
    """A parcel's way as one carrier tells it, to be shown scan by scan."""

    slug: str
    number: str
    shape: Shape
    scans: list[Scan]
    """Oldest first."""

    def answer(self, scans: int) -> bytes:
        """What the carrier answers when it knows so many scans."""
        return self.shape.found([Shown(self.number, self.scans[:scans])])


def ways(seed: int, parcels: int, scans: int) -> list[Way]:
    """Ways of parcels, each of so many scans, the shapes in turn."""
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    shapes = [_SHAPES[i % len(_SHAPES)] for i in range(parcels)]
    return [Way(shape.slug, _number(dice), shape, _scans(shape.slug, scans, dice)) for shape in shapes]


def _kind(shape: Shape) -> str:
    return "xml" if "xml" in shape.media else "json"


def _number(dice: random.Random) -> str:
    return "".join(dice.choice("0123456789") for _ in range(12))


def _scans(slug: str, size: int, dice: random.Random) -> list[Scan]:
    at = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(seconds=dice.randrange(60 * 86_400))
    said, scans = _SAID[slug], list[Scan]()
    for i in range(size):
        at += timedelta(seconds=dice.randrange(600, 40_000))
        city, region, country, postal_code, site, offset = dice.choice(_PLACES)
        code, text = said[min(len(said) - 1, i * len(said) // size)]
        local = at.astimezone(timezone(timedelta(minutes=offset)))
        scans.append(Scan(local, code, text, city, region, country, postal_code, site))
    return scans
