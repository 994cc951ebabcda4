"""`everyleg demo`: the main job on made-up answers in real shapes."""

from importlib import resources
from typing import Literal

from rich.console import Console

from everyleg.cli.timeline import timeline

ANSWERS = (
    ("czl", "1-czl"),
    ("yunexpress", "2-yunexpress"),
    ("usps", "3-usps-on-the-way"),
    ("usps", "4-usps-delivered"),
)
"""Carrier and file of each answer, in the order in which they came."""


def demo(*, lang: Literal["zh", "en"] = "en") -> None:
    """Join one parcel's raw answers from three carriers: a forwarder, a line-haul carrier, the last mile.

    Args:
        lang: Language of the picture.
    """
    console = Console()
    folder = resources.files("everyleg.lab").joinpath("journey")
    files = [(slug, str(folder.joinpath(f"{name}.json"))) for slug, name in ANSWERS]
    console.print("Four raw answers of three carriers, as they came over the wire:")
    for slug, file in files:
        console.print(f"  {slug:<12}{file}", style="dim", soft_wrap=True)
    command = "everyleg timeline " + " ".join(f"{slug}={file}" for slug, file in files)
    timeline(*(f"{slug}={file}" for slug, file in files), lang=lang)
    console.print(f"\nThe same for your own answers: {command[:18]}SLUG=FILE SLUG=FILE …  (--lang zh, --json)")
