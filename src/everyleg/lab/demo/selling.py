"""What the demo's seller knows of a parcel: order, shop, channel, buyer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from importlib import resources

import msgspec
import yaml
from babel import Locale
from msgspec import Struct

from everyleg.lab.demo.plot import Scene

_LANGUAGES = {"DE": "de", "FR": "fr", "BR": "pt", "CN": "zh-CN"}


class Shop(Struct, frozen=True):
    """A shop of the seller's."""

    name: str
    platform: str
    site: str


class Channel(Struct, frozen=True):
    """What it is shipped by."""

    name: str
    carriers: tuple[str, ...]
    promise_days: int | None


class Sale(Struct, frozen=True):
    """One order, sent in one parcel."""

    parcel: str
    """The story's name for it."""
    carrier: str
    tracking_number: str
    """The number that the seller got: of the first carrier who can be asked."""
    order_reference: str
    shop: Shop
    channel: Channel
    shipped_at: datetime | None
    ship_by: datetime | None
    promised_by: datetime | None
    origin: str | None
    destination: str | None
    postcode: str | None
    buyer_email: str
    buyer_language: str
    sku: str
    value: float


@cache
def shops() -> dict[str, Shop]:
    """The world's shops, by its names for them."""
    rows = yaml.safe_load(resources.files(__package__).joinpath("shops.yaml").read_bytes())
    return msgspec.convert(rows, dict[str, Shop])


def sale(scene: Scene, carrier_name: Callable[[str], str]) -> Sale:
    """What the seller writes down about a parcel; `carrier_name` gives a carrier's Chinese name."""
    parcel, leg = scene.parcel, scene.legs[0]
    shop = shops().get(parcel.shop or "") or Shop(parcel.shop or "Shop", "", "")
    serial = "".join(filter(str.isalnum, parcel.id))[-7:].upper()
    first = leg.published[0].at if leg.published else None
    return Sale(
        parcel=parcel.id,
        carrier=leg.carrier,
        tracking_number=leg.number,
        order_reference=f"{shop.name[:2].upper()}{parcel.created_at:%y%m%d}-{serial}",
        shop=shop,
        channel=_channel(scene, carrier_name),
        shipped_at=first,
        ship_by=parcel.ship_by,
        promised_by=parcel.promised_by,
        origin=parcel.origin,
        destination=parcel.destination,
        postcode=scene.postcode,
        buyer_email=f"buyer-{serial.lower()}@example.com",
        buyer_language=_LANGUAGES.get(parcel.destination or "", "en"),
        sku=parcel.sku or "SKU",
        value=parcel.value or 10.0,
    )


def _channel(scene: Scene, carrier_name: Callable[[str], str]) -> Channel:
    parcel = scene.parcel
    slugs = list(dict.fromkeys(leg.carrier for leg in parcel.legs))
    country = Locale("zh").territories.get(parcel.destination or "", parcel.destination or "")
    promise = None
    if parcel.promised_by is not None:
        promise = (parcel.promised_by - parcel.created_at) // timedelta(days=1)
    return Channel(f"{country} · {' → '.join(map(carrier_name, slugs))}", tuple(slugs), promise)
