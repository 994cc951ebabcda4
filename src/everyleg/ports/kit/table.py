"""`docs/carriers.md`: every carrier, how it is read and asked, and what that was verified against."""

from collections.abc import Callable, Iterable, Iterator

from everyleg.ports.access import Access, Way, access
from everyleg.ports.kit.checks import CodeShare, code_share
from everyleg.ports.manifest.schema import Limits, Manifest
from everyleg.ports.registry import Registry

HOW: dict[Way, str] = {
    "open": "no key",
    "page": "page for recipients, off by default",
    "address": "no key; the address of the system",
    "key": "key",
    "contract": "contract",
    "push": "it pushes",
    "read": "not asked; answers handed in are read",
    "unread": "",
}
"""What is needed, in a cell's words."""

AGGREGATOR_NAMES = {"17track": "17TRACK", "kuaidi100": "Kuaidi100"}

HEAD = """\
# Carriers

Written by `everyleg carriers table > docs/carriers.md` from the manifests in `src/everyleg/carriers/`; not edited by
hand. {total} carriers: {read} are read directly, {members} of these on {families} systems that several share; the
others through an aggregator. [How one is added](add-a-carrier.md).

- *tier*: **bronze** was written from documents and never met an answer of the carrier's own; **silver** reads answers
  recorded in reality; **catalogue** is known by its names, numbers and page alone.
- *asked with*: what an account has to hold. A **page for recipients** is the interface behind a carrier's own tracking
  page, without a contract and perhaps against its terms: it is never asked until somebody sets `page_allowed` to `yes`.
- *limits*: what one account may ask, as far as it is known. *aggregators too*: the aggregators that know the carrier.
- *codes*: how many codes and phrases the tables list, and how many of the samples' events they cover. A code that no
  table lists is read as `other` and counted (the page *Unknown words*); nothing is guessed from it.
"""

_Row = tuple[Manifest, Access]


def markdown(carriers: Registry) -> str:
    """The whole page, ending with a newline. Reads every sample: some seconds."""
    rows = [(manifest, access(manifest)) for manifest in carriers.manifests()]
    read = [row for row in rows if row[0].readings]
    families = [row for row in read if row[0].kind == "family"]
    direct = [row for row in read if row[0].kind != "family"]
    parts = [
        HEAD.format(
            total=len(rows) - len(families),
            read=len(direct),
            families=len(families),
            members=sum(manifest.extends is not None for manifest, _ in direct),
        ),
        _section("Read directly", DIRECT, direct, lambda row: _direct(row, code_share(carriers.carrier(row[0].slug)))),
        _section("Systems that several share", FAMILIES, families, lambda row: _family(row, direct)),
        _section("Through an aggregator", CATALOGUE, [row for row in rows if not row[0].readings], _known),
        "## What each was verified against\n\n" + "\n".join(_notes(read)) + "\n",
    ]
    return "\n".join(parts)


DIRECT = ("carrier", "country", "tier", "asked with", "limits", "pushes", "aggregators too", "codes", "verified")
FAMILIES = ("system", "tier", "asked with", "limits", "members", "verified")
CATALOGUE = ("carrier", "country", "17TRACK", "AfterShip", "Kuaidi100", "its page")


def _section(title: str, head: tuple[str, ...], rows: list[_Row], cells: Callable[[_Row], tuple[str, ...]]) -> str:
    lines = [f"## {title}", "", _line(head), _line("---" for _ in head), *(_line(cells(row)) for row in rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _direct(row: _Row, share: CodeShare) -> tuple[str, ...]:
    manifest, needs = row
    codes = f"{share.listed}; {share.mapped} of {share.events}"
    pushes = "yes" if needs.pushes else ""
    verified = _verified(manifest)
    return (
        _name(manifest),
        manifest.country or "",
        manifest.tier,
        _asked(needs),
        _limits(manifest.limits),
        pushes,
        ", ".join(AGGREGATOR_NAMES[slug] for slug in needs.aggregators),
        codes,
        verified,
    )


def _family(row: _Row, direct: list[_Row]) -> tuple[str, ...]:
    manifest, needs = row
    members = ", ".join(f"`{m.slug}`" for m, _ in direct if m.extends == manifest.slug)
    return _name(manifest), manifest.tier, _asked(needs), _limits(manifest.limits), members, _verified(manifest)


def _known(row: _Row) -> tuple[str, ...]:
    manifest, _ = row
    aliases = manifest.aliases
    words = (", ".join(of) for of in (aliases.track17, aliases.aftership, aliases.kuaidi100))
    page = manifest.tracking_page
    return _name(manifest), manifest.country or "", *words, f"`{page}`" if page else ""


def _name(manifest: Manifest) -> str:
    names = dict.fromkeys((manifest.names.en, manifest.names.zh))
    return f"`{manifest.slug}` {' · '.join(names)}"


def _asked(needs: Access) -> str:
    settings = ", ".join(f"`{name}`" for name in needs.settings)
    facts = ", ".join(f"`{name}`" for name in needs.fields)
    words = HOW[needs.way] + (f": {settings}" if settings else "")
    return words + (f"; of the parcel {facts}" if facts else "")


def _limits(limits: Limits) -> str:
    spans = {"second": limits.per_second, "minute": limits.per_minute, "hour": limits.per_hour, "day": limits.per_day}
    said = [f"{limits.batch} a call"] if limits.batch else []
    said += [f"{many:g} a {span}" for span, many in spans.items() if many]
    return "; ".join(said)


def _verified(manifest: Manifest) -> str:
    verified = manifest.verified
    return f"{verified.on}, {verified.against}" if verified else "never"


def _notes(rows: list[_Row]) -> Iterator[str]:
    for manifest, needs in rows:
        verified = manifest.verified.note if manifest.verified else None
        said = [text[0].upper() + text[1:].rstrip(".") for text in (verified, needs.note) if text]
        yield f"- **{manifest.slug}** ({_verified(manifest)}){': ' + '. '.join(said) if said else ''}."
