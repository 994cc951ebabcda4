"""`everyleg bench`: measured beside a reference in the same run; ratios, not promises."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from everyleg.cli import (
    bench_detect,
    bench_freshness,
    bench_ingest,
    bench_normalize,
    bench_pages,
    bench_replay,
    bench_scale,
    bench_sheet,
    bench_store,
    bench_webhook,
)
from everyleg.cli.io import print_json

app = App(name="bench", help="Benchmarks, each beside its limit in the same run.")


@app.command
def normalize(
    *, folder: Annotated[Path | None, Parameter(name="--dir")] = None, seed: int = 1, json: bool = False
) -> None:
    """From bytes to reading, beside bare untyped decoding (msgspec, lxml) of the same bytes.

    Args:
        folder: A folder of answers named SLUG/FILE, instead of our own mix.
        seed: Seed of our own mix.
        json: Print JSON instead of a table.
    """
    _show(bench_normalize.run(seed, folder), as_json=json)


@app.command
def detect(*, seed: int = 1, json: bool = False) -> None:
    """Matching of number formats, beside a loop of the same expressions; and how flat it stays up to 1,400 of them.

    Args:
        seed: Seed of the generated numbers and formats.
        json: Print JSON instead of a table.
    """
    _show(bench_detect.run(seed), as_json=json)


@app.command
def sheet(*, seed: int = 1, json: bool = False) -> None:
    """A daily sheet into the store, beside a bare COPY of the same rows; and whether memory stays flat.

    Args:
        seed: Seed of the generated rows.
        json: Print JSON instead of a table.
    """
    _show(bench_sheet.run(seed), as_json=json)


@app.command
def store(*, parcels: int = 2_000, seed: int = 1, json: bool = False) -> None:
    """Raw answers into states (received, read, joined, folded), beside a keyed COPY of the same statements.

    Args:
        parcels: Parcels of a round; each has one answer with twelve statements.
        seed: Seed of the answers.
        json: Print JSON instead of a table.
    """
    _show(bench_store.run(seed, parcels), as_json=json)


@app.command
def ingest(*, parcels: int = 8_000, seed: int = 1, json: bool = False) -> None:
    """Raw answers received by one process, taken to states by one worker, beside a keyed COPY of the same statements.

    Args:
        parcels: Parcels of a round; each has one answer with twelve statements.
        seed: Seed of the answers.
        json: Print JSON instead of a table.
    """
    _show(bench_ingest.run(seed, parcels), as_json=json)


@app.command
def replay(*, parcels: int = 3_000, seed: int = 1, json: bool = False) -> None:
    """Stored answers read and folded again, beside taking them in and beside reading alone.

    Args:
        parcels: Parcels; each has one answer with twelve statements.
        seed: Seed of the answers.
        json: Print JSON instead of a table.
    """
    _show(bench_replay.run(seed, parcels), as_json=json)


@app.command
def scale(*, seed: int = 1, parcels: int | None = None, json: bool = False) -> None:
    """What an answer with news costs at ten thousand, a hundred thousand and a million parcels on their way.

    Takes some minutes and some 6 GB of disk, which it gives back.

    Args:
        seed: Seed of the answers.
        parcels: Parcels in place of a million, to try it.
        json: Print JSON instead of a table.
    """
    _show(bench_scale.run(seed, parcels), as_json=json)


@app.command
def pages(*, seed: int = 1, parcels: int | None = None, json: bool = False) -> None:
    """The list of parcels and a parcel's page, at ten thousand and at a million parcels, over an empty page.

    Takes some minutes and 3 GB of disk, which it gives back.

    Args:
        seed: Seed of the timelines and of what is asked.
        parcels: Parcels in place of a million, to try it.
        json: Print JSON instead of a table.
    """
    _show(bench_pages.run(seed, parcels), as_json=json)


@app.command
def webhook(*, seconds: float = 3.0, seed: int = 1, json: bool = False) -> None:
    """Signed webhooks of 3 KB accepted durably over HTTP, beside the same server answering empty.

    Args:
        seconds: How long a round of each side lasts; there are five of each, in turns.
        seed: Seed of the bodies.
        json: Print JSON instead of a table.
    """
    _show(bench_webhook.run(seed, seconds), as_json=json)


@app.command
def freshness(
    *,
    season: Path | None = None,
    cohorts: bool = False,
    seed: int = 1,
    parcels: int | None = None,
    json: bool = False,
) -> None:
    """How soon news is seen by the adaptive policy, beside fixed intervals and back-off at the same number of calls.

    Args:
        season: A season file, ours or anybody's, in place of a made one.
        cohorts: Parcels travel in batches of 20 to 2,000 (of a season file: by its cohorts); a few are asked for all.
        seed: Seed of the season; what is learned beforehand is learned on another one.
        parcels: Parcels of a season that is made; 2,000, and with --cohorts 6,000, unless told otherwise.
        json: Print JSON instead of a table.
    """
    _show(bench_freshness.run(seed, parcels, season, cohorts=cohorts), as_json=json)


def _show(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    table = Table("figure", "value", "floor", "goal", "holds", title=f"bench {result['bench']}, {result['machine']}")
    for name, value in result["figures"].items():
        table.add_row(name, f"{value:,}")
    for name, value in result["ratios"].items():
        goal = result["goals"].get(name, {})
        held = {True: "yes", False: "no"}.get(goal.get("met"), "")
        table.add_row(f"ratio {name}", f"{value:.3f}", str(goal.get("floor", "")), str(goal.get("goal", "")), held)
    Console().print(table)
