"""The shapes, one module a carrier: what its server prints. A carrier belongs here when the product reads it."""

from everyleg.lab.rendering.scans import Shape
from everyleg.lab.rendering.shapes import (
    australia_post,
    cainiao,
    canada_post,
    chronopost,
    dhl_express,
    dhl_parcel_de,
    fedex,
    fourpx,
    gls,
    hermes,
    la_poste,
    purolator,
    royal_mail,
    ups,
    usps,
    yanwen,
    yunexpress,
)

SHAPES: dict[str, Shape] = {
    module.SHAPE.slug: module.SHAPE
    for module in (
        australia_post,
        cainiao,
        canada_post,
        chronopost,
        dhl_express,
        dhl_parcel_de,
        fedex,
        fourpx,
        gls,
        hermes,
        la_poste,
        purolator,
        royal_mail,
        ups,
        usps,
        yanwen,
        yunexpress,
    )
}
"""Slug → shape of a carrier's main interface, the one that its manifest asks."""
