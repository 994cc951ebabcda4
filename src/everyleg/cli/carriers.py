"""`everyleg carriers`: what is known of carriers, and what makes and checks one."""

import sys
from pathlib import Path

import msgspec
from cyclopts import App
from rich.console import Console
from rich.table import Table

from everyleg.app.plugins import plugin_folder, registry
from everyleg.cli.io import UserError, carrier_named, print_json
from everyleg.ports.access import access
from everyleg.ports.carrier import Carrier
from everyleg.ports.kit import expected
from everyleg.ports.kit.checks import check_folder, check_samples, code_share, expected_path, read_sample
from everyleg.ports.kit.draft import draft_manifest, new_folder
from everyleg.ports.kit.forwarder import Forwarder, make_forwarder
from everyleg.ports.kit.table import markdown
from everyleg.ports.manifest.load import ManifestError
from everyleg.ports.manifest.schema import Manifest

app = App(name="carriers", help="Carriers as data: list, show, check, new, draft.")


def _row(manifest: Manifest) -> dict[str, object]:
    return {
        "slug": manifest.slug,
        "names": {"en": manifest.names.en, "zh": manifest.names.zh},
        "aliases": {
            "aftership": manifest.aliases.aftership,
            "17track": manifest.aliases.track17,
            "kuaidi100": manifest.aliases.kuaidi100,
        },
        "kind": manifest.kind,
        "tier": manifest.tier,
        "readings": [reading.name for reading in manifest.readings],
    }


@app.command(name="list")
def list_(*, json: bool = False) -> None:
    """Every carrier: what it is called elsewhere, how far it is trusted, which answers are read.

    Args:
        json: Print JSON instead of a table.
    """
    rows = [_row(manifest) for manifest in registry().manifests()]
    if json:
        print_json(rows)
        return
    table = Table("slug", "name", "名称", "kind", "tier", "way", "readings", header_style="bold")
    for manifest in registry().manifests():
        names, readings = manifest.names, ", ".join(reading.name for reading in manifest.readings)
        way = access(manifest).way
        table.add_row(manifest.slug, names.en, names.zh, manifest.kind, manifest.tier, way, readings)
    Console().print(table)
    read = sum(bool(row["readings"]) for row in rows)
    Console().print(f"{len(rows)} carriers, {read} of them read directly.")


@app.command
def show(slug: str, /, *, json: bool = False) -> None:
    """One carrier in full: interface, needs, limits, time rule, what it was verified against.

    Args:
        slug: The carrier.
        json: Print JSON instead of YAML.
    """
    carrier = carrier_named(slug)
    body = msgspec.to_builtins(carrier.manifest)
    if json:
        print_json(body)
        return
    body.pop("readings", None)
    console = Console()
    console.print(f"[bold]{carrier.manifest.names.en}[/bold] · {carrier.manifest.names.zh}")
    console.print(msgspec.yaml.encode(body).decode().rstrip(), markup=False)
    for reader in carrier.readers:
        console.print(f"reads {reader.name} ({reader.input})")
    share = code_share(carrier)
    console.print(f"{share.listed} codes and phrases listed")


@app.command
def check(slug: str | None = None, /, *, write: bool = False) -> None:
    """Hold a carrier, or all of them, to the contract: samples, faults, mutations, personal data, codes mapped.

    Args:
        slug: The carrier; all of them without it.
        write: Write the expected readings that are missing, for a person to review.
    """
    names = [slug] if slug else list(registry().folders)
    findings = 0
    for name in names:
        carrier = carrier_named(name)
        if write:
            _write_expected(carrier)
        findings += _report(carrier)
    if findings:
        sys.exit(1)
    print(f"{len(names)} {'carrier is' if len(names) == 1 else 'carriers are'} as the contract wants.")


def _report(carrier: Carrier) -> int:
    found = [*check_folder(carrier), *check_samples(carrier)]
    for finding in found:
        print(f"{carrier.manifest.slug}: {finding.check}: {finding.sample}: {finding.detail}", file=sys.stderr)
    if carrier.readers:
        share = code_share(carrier)
        print(
            f"{carrier.manifest.slug:22} {carrier.manifest.tier:9} {len(carrier.readers)} readings, "
            f"{len(carrier.samples)} samples, {share.mapped} of {share.events} events mapped, "
            f"{share.listed} codes listed"
        )
    return len(found)


def _write_expected(carrier: Carrier) -> None:
    for sample in carrier.samples:
        path = expected_path(sample)
        if not path.exists():
            path.write_text(expected.dump(expected.short_form(read_sample(carrier, sample))), encoding="utf-8")
            print(f"wrote {path}; review it line by line")


@app.command
def new(
    slug: str,
    /,
    *,
    folder: Path | None = None,
    name: str | None = None,
    family: str | None = None,
    base_url: str | None = None,
    name_zh: str | None = None,
) -> None:
    """Make the folder of a new carrier: empty, to be filled, or whole, for a forwarder on a system that is known.

    Args:
        slug: Its slug, lower case with dashes.
        folder: Where carrier folders stand; `EVERYLEG_PLUGINS` without it.
        name: What people call it.
        family: The system that it runs on (hualei, k5, rtb, niumen, eccang, etower, nextsls).
        base_url: With a family: where that system stands, `https://…`.
        name_zh: With a family: what people call it in Chinese.
    """
    try:
        root = folder or plugin_folder()
        if root is None:
            raise UserError("say where carrier folders stand: --folder DIR, or set EVERYLEG_PLUGINS to a directory")
        if family is None and (base_url or name_zh):
            raise UserError("--base-url and --name-zh are for forwarders on a known system: say which with --family")
        if family is not None:
            forwarder = Forwarder(slug, family, base_url or "", name or "", name_zh or "")
            made = make_forwarder(registry(), root, forwarder)
            print(f"made {made}; `everyleg carriers check {slug}` holds it to the samples of {family}")
            return
        made = new_folder(slug, root, name)
    except ManifestError as error:
        raise UserError(str(error)) from error
    print(
        f"made {made}; put an answer into samples/ and run `everyleg carriers draft {made / 'samples' / 'NAME.json'}`"
    )


@app.command
def draft(sample: Path, /) -> None:
    """Propose a manifest for an unknown answer: where the parcels, the events, their times and words seem to stand.

    Args:
        sample: A raw answer, JSON or XML.
    """
    try:
        print(draft_manifest(sample), end="")
    except (ValueError, OSError) as error:
        raise UserError(f"{sample}: {error}") from error


@app.command
def table() -> None:
    """Every carrier in Markdown, as docs/carriers.md has it: read directly or not, needs, limits, verified when."""
    print(markdown(registry()), end="")


@app.command
def schema() -> None:
    """The JSON Schema of `carrier.yaml`, for completion in editors."""
    print_json(msgspec.json.schema(Manifest))
