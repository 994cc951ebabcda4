"""The page on which a carrier shows one of its numbers to whoever has the number."""

from urllib.parse import quote

from everyleg.ports.manifest.schema import Manifest


def tracking_page(manifest: Manifest, number: str) -> str | None:
    """Address of the carrier's own page, with the number in it where the page takes one; None where none is known.

    Args:
        manifest: the carrier's.
        number: as it was typed; escaped here, so that it stays one part of the address.
    """
    page = manifest.tracking_page
    return page.replace("{n}", quote(number, safe="")) if page else None
