"""A journey in the terminal: one sentence, the ribbon, then leg by leg what happened and who says so."""

import math
from datetime import timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

from everyleg.core.fold import Event, Handoff, Timeline
from everyleg.core.vocabulary import STAGE_NAMES, STAGES, STATUSES, stage_rank

WORDS = {
    "en": {
        "since": "since", "exception": "needs attention", "witnesses": "sources agree",
        "acceptance": "{0} let go, {1} has not said that it has it", "release": "{1} has it, {0} never said it let go",
        "after": "after delivery", "withdrawn": "taken back by the carrier", "silent": "silent for {0}",
        "overdue": "overdue", "expired": "no news for too long", "pending": "nothing has happened yet",
        "about": "±{0}", "passes": "hand-over {0} → {1}", "gap": "{0} after release", "at_once": "at the same time",
        "days": "{0} d", "hours": "{0} h", "minutes": "{0} min", "anomaly": "look here",
    },
    "zh": {
        "since": "自", "exception": "需要关注", "witnesses": "个来源一致",
        "acceptance": "{0} 已交出，{1} 尚未确认接收", "release": "{1} 已接收，{0} 未记录交出",
        "after": "签收之后", "withdrawn": "承运商已撤回", "silent": "已 {0} 无更新",
        "overdue": "已超时效", "expired": "运输过久", "pending": "尚无轨迹",
        "about": "±{0}", "passes": "交接 {0} → {1}", "gap": "交出后 {0}", "at_once": "同时",
        "days": "{0} 天", "hours": "{0} 小时", "minutes": "{0} 分钟", "anomaly": "请核对",
    },
}  # fmt: skip


def print_journey(timeline: Timeline, names: dict[str, str], lang: str, console: Console) -> None:
    """Print one parcel's journey; `names` are the carriers' names for people."""
    words = WORDS[lang]
    console.print()
    console.print(_numbers(timeline, names))
    console.print(_sentence(timeline, words, lang))
    console.print(_ribbon(timeline, lang))
    console.print(_events(timeline, names, words, lang))
    for anomaly in timeline.anomalies:
        console.print(Text(f"{words['anomaly']}: {anomaly.detail}", style="yellow"))


def _numbers(timeline: Timeline, names: dict[str, str]) -> Text:
    legs = sorted(timeline.numbers, key=lambda n: n.leg)
    shown = (f"{names.get(n.carrier, n.carrier)} {n.tracking_number}" for n in legs)
    return Text("  →  ".join(shown), style="bold")


def _sentence(timeline: Timeline, words: dict[str, str], lang: str) -> Text:
    """The state in words: what, since when, and what is wrong with it."""
    row = STATUSES[timeline.sub_status]
    text = Text(row.display.get(lang, row.meaning[lang]), style="bold red" if timeline.exception else "bold cyan")
    text.append(f" · {row.meaning[lang]}", style="default")
    if timeline.since:
        text.append(f" · {words['since']} {timeline.since:%Y-%m-%d %H:%M} UTC", style="dim")
    if timeline.exception:
        text.append(f" · {words['exception']}", style="red")
    if timeline.view:
        seen = timeline.view
        if seen.silent_s is not None:
            text.append(f" · {words['silent'].format(duration(seen.silent_s, words))}", style="dim")
        for flag, is_so in (("overdue", seen.overdue), ("expired", seen.expired)):
            if is_so:
                text.append(f" · {words[flag]}", style="red")
    return text


def _ribbon(timeline: Timeline, lang: str) -> Text:
    """The five stages as one line: filled is past, `╌` is not reached, length is time on a log scale."""
    at = STAGES.index(timeline.stage) if timeline.stage in STAGES else -1
    reached = {e.stage for e in timeline.events if not e.withdrawn} & set(STAGES)
    last = max([at, *(STAGES.index(stage) for stage in reached)])
    line, below = Text(), Text()
    for i, stage in enumerate(STAGES):
        width = _width(timeline.dwell_s.get(stage))
        name = STAGE_NAMES[stage][lang]
        width = max(width, _cells(name) + 1)
        past = i <= last and timeline.milestone != "pending"
        line.append("●" if past else "○", style="cyan" if past else "dim")
        line.append(("━" if past else "╌") * width, style="bold cyan" if i == at else "cyan" if past else "dim")
        below.append(name + " " * (width + 1 - _cells(name)), style="bold" if i == at else "dim")
    over = timeline.milestone in ("delivered", "returned")
    line.append("●" if over else "○", style="cyan" if over else "dim")
    return Text("\n").join([line, below])


def _cells(text: str) -> int:
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)


def _width(seconds: int | None) -> int:
    """Characters for a duration: an hour is 6, a day 11, three weeks 16."""
    return 8 if not seconds else max(4, min(24, round(3.2 * math.log2(1 + seconds / 3600) ** 0.8) + 3))


def _events(timeline: Timeline, names: dict[str, str], words: dict[str, str], lang: str) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    stage, joints = "any", list(timeline.handoffs)
    for event in timeline.events:
        if stage_rank(event.stage) > stage_rank(stage):  # a later carrier's own pick-up is no way back
            stage = event.stage
            table.add_row("", "", "")
            table.add_row("", "", Text(STAGE_NAMES[stage][lang], style="bold underline"))
        while joints and _happened(joints[0], event):
            table.add_row("", Text("⇄", style="magenta"), _joint(joints.pop(0), names, words))
        table.add_row(_when(event, words), names.get(event.carrier, event.carrier), _what(event, words, lang))
    for joint in joints:
        table.add_row("", Text("⇄", style="magenta"), _joint(joint, names, words))
    if not timeline.events:
        table.add_row("", "", words["pending"])
    return table


def _happened(joint: Handoff, event: Event) -> bool:
    at = joint.accepted_at or joint.released_at
    return at is not None and at <= event.occurred_at and event.carrier == joint.to


def _when(event: Event, words: dict[str, str]) -> str:
    """Local wall clock with its offset; only the day where only the day is known, the width where it is a guess."""
    local = event.occurred_local or event.occurred_at.replace(tzinfo=None)
    if event.time_basis == "date":
        return f"{local:%Y-%m-%d}      "
    if event.utc_offset is None:
        return f"{local:%Y-%m-%d %H:%M} {words['about'].format(duration(event.uncertainty_s, words))}"
    sign = "-" if event.utc_offset < 0 else "+"
    return f"{local:%Y-%m-%d %H:%M} {sign}{str(timedelta(minutes=abs(event.utc_offset)))[:-3]:0>5}"


def _what(event: Event, words: dict[str, str], lang: str) -> Text:
    row = STATUSES[event.sub_status]
    known = event.sub_status != "other"
    style = "dim strike" if event.withdrawn else "red" if row.exception else "default"
    text = Text(row.meaning[lang] if known else event.text or event.code or "", style=style)
    place = ", ".join(p for p in (event.place.city, event.place.country) if p) or event.place.raw
    if place:
        text.append(f" · {place}", style="dim")
    if known and event.text:
        text.append(f" · “{event.text}”", style="dim italic")
    if len(event.witnesses) > 1:
        text.append(f" · {len(event.witnesses)} {words['witnesses']}", style="green")
    for flag, is_so in (("after", event.after_delivery), ("withdrawn", event.withdrawn)):
        if is_so:
            text.append(f" · {words[flag]}", style="dim")
    return text


def _joint(joint: Handoff, names: dict[str, str], words: dict[str, str]) -> Text:
    pair = names.get(joint.from_, joint.from_), names.get(joint.to, joint.to)
    if joint.missing:
        return Text(words[joint.missing].format(*pair), style="yellow")
    text = Text(words["passes"].format(*pair), style="magenta")
    if joint.gap_s is not None:
        gap = words["gap"].format(duration(joint.gap_s, words)) if joint.gap_s >= 60 else words["at_once"]
        text.append(f" · {gap}", style="dim")
    return text


def duration(seconds: int, words: dict[str, str]) -> str:
    """A duration in its largest sensible unit."""
    if seconds >= 2 * 86_400:
        return words["days"].format(round(seconds / 86_400, 1)).replace(".0 ", " ")
    if seconds >= 5_400:
        return words["hours"].format(round(seconds / 3_600, 1)).replace(".0 ", " ")
    return words["minutes"].format(max(0, round(seconds / 60)))
