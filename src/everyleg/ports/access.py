"""What one must have before a carrier can be asked: read off its manifest, so that a new carrier needs nothing more."""

from collections.abc import Callable
from functools import cache
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from everyleg.ports.manifest.schema import Limits, Manifest, Names, Tier
from everyleg.ports.registry import Registry

Way = Literal["open", "page", "address", "key", "contract", "push", "read", "unread"]
"""How one comes to a carrier's answers.

- *open*: its own interface, without any key.
- *page*: what its page for recipients asks; off until somebody allows it, as its terms may forbid it.
- *address*: without a key too, but one has to know where: the address of one's forwarder's system.
- *key*: with a key that one applies for.
- *contract*: only on a contract.
- *push*: it only pushes.
- *read*: its answers are read; how it is asked is not described here.
- *unread*: known by its name and its numbers.
"""

AGGREGATORS: tuple[str, ...] = ("17track", "kuaidi100")
"""Slugs of the aggregators whose words for carriers the manifests hold."""


class Access(Struct, frozen=True):
    """What one must have before a carrier can be asked."""

    carrier: str
    names: Names
    tier: Tier
    way: Way
    settings: list[str]
    """What an account holds, by name."""
    fields: list[str]
    """Facts of the parcel that it wants besides the number: `postal_code`, `phone_tail`."""
    apply: str | None
    """Where one applies, or reads about it."""
    limits: Limits
    """What an account may ask; absent is unknown."""
    note: str | None
    pushes: bool
    """Whether it can push."""
    aggregators: list[str]
    """Aggregators that know it, so that a key of theirs would do."""


def access(manifest: Manifest) -> Access:
    """What one must have before a carrier can be asked."""
    needs = manifest.needs
    return Access(
        carrier=manifest.slug,
        names=manifest.names,
        tier=manifest.tier,
        way=_way(manifest),
        settings=[name for name in needs.settings if name not in manifest.settings],
        fields=needs.fields,
        apply=needs.apply,
        limits=manifest.limits,
        note=needs.note,
        pushes=bool(manifest.push),
        aggregators=[slug for slug in AGGREGATORS if manifest.aliases.of(slug)],
    )


def access_in(carriers: Registry) -> Callable[[str], Access]:
    """The same by slug, remembered; of aggregators too. A slug without a manifest is *unread*."""

    @cache
    def of(slug: str) -> Access:
        if slug in carriers.upstream_folders:
            return replace(access(carriers.upstream(slug).manifest), way="key", aggregators=[])
        if slug not in carriers.folders:
            return access(Manifest(slug=slug, names=Names(en=slug, zh=slug)))
        return access(carriers.manifest(slug))

    return of


def _way(manifest: Manifest) -> Way:
    if not manifest.readings:
        return "unread"
    if manifest.request is None:
        return "push" if manifest.push else "read"
    if manifest.needs.consumer_site:
        return "page"
    if manifest.needs.auth == "contract":
        return "contract"
    if manifest.needs.auth == "none":
        return "address" if set(manifest.needs.settings) - set(manifest.settings) else "open"
    return "key"
