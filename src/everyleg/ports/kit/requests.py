"""Whether a carrier can be asked with what its manifest says is needed: a request is made of made-up settings."""

from collections.abc import Iterator
from datetime import UTC, datetime

from everyleg.ports.asking import Ask
from everyleg.ports.manifest.request import NotAskableError, Recipe, Setting, spelled_out
from everyleg.ports.manifest.schema import Call, Manifest, Request

PAGE_ALLOWED = "page_allowed"
"""The setting by which somebody switches a page for recipients on."""

_VALUE = "MDEyMzQ1Njc4OWFiY2RlZg=="
"""Stands for every setting; 16 bytes in Base64, so that it can be a key too."""
_NOW = datetime(2026, 1, 2, tzinfo=UTC)


def request_faults(manifest: Manifest) -> list[str]:
    """What keeps the request part from being used, in words; nothing when all is well.

    Args:
        manifest: of any carrier; one without a request has no faults.
    """
    needs = manifest.needs
    found = list(_lacking(manifest, manifest.request)) if manifest.request else []
    if needs.consumer_site and PAGE_ALLOWED not in needs.settings:
        found.append(f"it asks a page for recipients: {PAGE_ALLOWED} has to be one of needs.settings")
    if needs.consumer_site and not needs.note:
        found.append("it asks a page for recipients: needs.note has to say so")
    return found


def _lacking(manifest: Manifest, asked: Request) -> Iterator[str]:
    request, token = spelled_out(asked)
    needs, used = manifest.needs, set[str]()
    known = dict.fromkeys(needs.settings, _VALUE) | manifest.settings
    if manifest.kind == "family":
        known.setdefault("base_url", _VALUE)  # every member says where it stands
    calls: list[tuple[str, Call]] = [("token", token)] if token is not None else []
    calls += [("before", before) for before in request.before]
    ask = Ask("AB0123456789", manifest.slug, dict.fromkeys(needs.fields, "1000"))
    for name, call in [*calls, ("request", request)]:
        if name == "request" and token is not None:
            known[token.name] = _VALUE
        recipe = Recipe(call)
        used |= recipe.names
        try:
            recipe.make(Setting([ask], known, _NOW))
        except NotAskableError as error:
            yield f"{name}: {error}, which is none of its settings and facts"
        known |= dict.fromkeys(getattr(call, "take", {}), _VALUE)
    for name in (*needs.settings, *needs.fields):
        if name not in used and name not in (PAGE_ALLOWED, "base_url"):
            yield f"{name} is asked of people and used in no request"
