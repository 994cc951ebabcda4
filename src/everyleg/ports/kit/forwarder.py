"""A forwarder on a system that is known already: a folder of a few lines in the plug-in directory, made in one step.

The command line and the pages both make it here.
"""

import re
import tempfile
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from everyleg.ports.kit.draft import SLUG
from everyleg.ports.manifest.load import ManifestError
from everyleg.ports.manifest.schema import Manifest
from everyleg.ports.registry import Registry

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]", re.IGNORECASE)
_LONGEST = 80
"""Characters of a name, an address or a slug."""

Fault = Literal["slug", "taken", "family", "address", "name", "name_taken", "folder"]


class ForwarderError(ManifestError):
    """The folder was not made; `fault` says what is wrong, for pages that have words of their own."""

    def __init__(self, fault: Fault, words: str) -> None:
        super().__init__(words)
        self.fault = fault


class Forwarder(Struct, frozen=True):
    """A forwarder as a person describes it."""

    slug: str
    family: str
    """Slug of the system that it runs on."""
    base_url: str
    """Where that system stands: scheme and host, perhaps a path."""
    en: str = ""
    """What people call it; the slug in words where they do not say."""
    zh: str = ""


def families(registry: Registry) -> list[Manifest]:
    """The systems that a forwarder can be put on: families whose members differ in their address, by slug."""
    return [m for m in registry.manifests() if m.kind == "family" and "base_url" in m.needs.settings]


def make_forwarder(registry: Registry, root: Path, forwarder: Forwarder) -> Path:
    """Make the folder of a forwarder below `root`, and give its path; the registry knows it from then on.

    It appears whole or not at all, also for other processes that look at the same directory.

    Raises:
        ForwarderError: something about it is wrong, or already somebody else's; nothing was written.
    """
    made = _checked(registry, forwarder)
    final = root / made.slug.replace("-", "_")
    try:
        with tempfile.TemporaryDirectory(prefix=".new-", dir=root) as aside:
            folder = Path(aside) / final.name
            folder.mkdir()
            (folder / "carrier.yaml").write_text(_text(made), encoding="utf-8")
            if final.exists():
                raise ForwarderError("taken", f"{final} is there already; choose another slug")
            folder.rename(final)
    except OSError as error:
        raise ForwarderError("folder", f"{root}: {error.strerror}; the directory must be writable") from error
    registry.look_again()
    return final


def _checked(registry: Registry, given: Forwarder) -> Forwarder:
    slug = given.slug.strip()
    if not SLUG.fullmatch(slug) or len(slug) > _LONGEST:
        raise ForwarderError("slug", f"{slug!r} is no slug; use lower-case letters, digits and single dashes")
    if slug in registry.folders:
        raise ForwarderError("taken", f"there is a carrier {slug} already; choose another slug")
    known = [family.slug for family in families(registry)]
    if given.family not in known:
        raise ForwarderError("family", f"{given.family!r} is no system that is known; choose {', '.join(known)}")
    en = _name(given.en) or slug.replace("-", " ").title()
    zh = _name(given.zh) or en
    for name in (slug, en, zh):
        owner = registry.slug_of(name)
        if owner is not None:
            # Aliases are joined by names: a name with two owners would be nobody's.
            raise ForwarderError("name_taken", f"{name!r} is what {owner} is called; choose another name")
    return Forwarder(slug, given.family, _address(given.base_url), en, zh)


def _name(text: str) -> str:
    name = " ".join(text.split())
    if len(name) > _LONGEST or not name.isprintable():
        raise ForwarderError("name", f"a name has at most {_LONGEST} printable characters")
    return name


def _address(text: str) -> str:
    """A base address without what requests add to it.

    Raises:
        ForwarderError: it is none.
    """
    text = text.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    sound = parts.scheme in ("http", "https") and _HOST.fullmatch(host) and text.isascii() and text.isprintable()
    extra = parts.query or parts.fragment or "@" in parts.netloc or " " in text or "{" in text or len(text) > 200
    if not sound or extra:
        raise ForwarderError("address", f"{text!r} is no address; write http:// or https:// and the host alone")
    return text


def _text(forwarder: Forwarder) -> str:
    """The manifest. JSON strings are YAML strings, so nothing that was typed can leave its quotes."""
    en, zh, address = (msgspec.json.encode(text).decode() for text in (forwarder.en, forwarder.zh, forwarder.base_url))
    return (
        f"slug: {forwarder.slug}\nnames: {{en: {en}, zh: {zh}}}\nkind: consolidator\n"
        f"extends: {forwarder.family}\nsettings: {{base_url: {address}}}\n"
    )
