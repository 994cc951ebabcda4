"""`everyleg track`: the stored journey in the terminal."""

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec.structs import replace
from rich.console import Console
from rich.text import Text

from everyleg.app.plugins import registry
from everyleg.cli.io import UserError, print_json
from everyleg.cli.journey_view import WORDS, duration, print_journey
from everyleg.cli.store import default_workspace, opened_store
from everyleg.core.fold import view
from everyleg.pipeline.ages import Age
from everyleg.pipeline.journeys import Journey, find_parcels, load_journey

_AGE = {
    "en": {
        "never": "never asked", "news": "news", "nothing_new": "nothing new", "unknown": "not known to the carrier",
        "failed": "we could not ask", "checked": "checked {0} ago", "replaced": "replaced by {0}",
        "next": "asked again in {0}", "now": "being asked now",
    },
    "zh": {
        "never": "尚未查询", "news": "有新轨迹", "nothing_new": "无新轨迹", "unknown": "承运商查无此单",
        "failed": "未能查询", "checked": "{0} 前查询", "replaced": "已换单/补发：{0}",
        "next": "{0} 后再次查询", "now": "正在查询",
    },
}  # fmt: skip


def track(number: str, *, json: bool = False, lang: Literal["zh", "en"] = "en", workspace: str | None = None) -> None:
    """Show the stored journey of a parcel, with the age of the data.

    Args:
        number: Any of its numbers, or its order reference.
        json: Print JSON instead of a picture.
        lang: Language of the picture.
        workspace: Slug of the workspace; without it the oldest one.
    """
    now = datetime.now(UTC)
    with opened_store() as database:
        meant = default_workspace(database, workspace)
        with database.transaction(meant, "worker") as connection:
            found = [
                journey
                for parcel in find_parcels(connection, meant, number)
                if (journey := load_journey(connection, database.keys, meant, parcel)) is not None
            ]
    if not found:
        raise UserError(f"{number}: no parcel has this number or order; add it, or ingest an answer about it")
    if json:
        print_json([_document(journey, now) for journey in found])
        return
    names = {m.slug: m.names.zh if lang == "zh" else m.names.en for m in registry().manifests()}
    for journey in found:
        seen = replace(journey.timeline, view=view(journey.timeline, now, journey.facts))
        print_journey(seen, names, lang, Console())
        _print_age(journey, names, lang, now)


def _document(journey: Journey, now: datetime) -> dict[str, Any]:
    seen = replace(journey.timeline, view=view(journey.timeline, now, journey.facts))
    others = {"replaced_by": journey.replaced_by, "replaces": journey.replaces}
    return {"parcel_id": journey.parcel_id, **msgspec.to_builtins(seen), "checks": journey.checks, **others}


def _print_age(journey: Journey, names: dict[str, str], lang: str, now: datetime) -> None:
    words = _AGE[lang]
    for check in journey.checks:
        who = f"{names.get(check.carrier, check.carrier)} {check.tracking_number}"
        Console().print(Text(f"{who}: {_age(check, words, lang, now)}", style="dim"))
    for other in journey.replaced_by:
        Console().print(Text(words["replaced"].format(other.tracking_number), style="yellow"))


def _age(check: Age, words: dict[str, str], lang: str, now: datetime) -> str:
    return " · ".join(said for said in (_asked(check, words, lang, now), _next(check, words, lang, now)) if said)


def _asked(check: Age, words: dict[str, str], lang: str, now: datetime) -> str:
    if check.checked_at is None or check.outcome is None:
        return words["never"]
    ago = duration(max(0, int((now - check.checked_at).total_seconds())), WORDS[lang])
    said = words[check.outcome] + (f" ({check.failed_detail})" if check.failed_detail else "")
    return f"{words['checked'].format(ago)}: {said}"


def _next(check: Age, words: dict[str, str], lang: str, now: datetime) -> str:
    if check.next_at is None:
        return ""
    wait = int((check.next_at - now).total_seconds())
    return words["now"] if check.asking or wait <= 0 else words["next"].format(duration(wait, WORDS[lang]))
