"""Write docs/words.md from the vocabulary's table; `--check` only says whether it is up to date."""

import sys
from pathlib import Path

from everyleg.core.vocabulary import STAGE_NAMES, STAGES, STATUSES

TARGET = Path("docs/words.md")
INTRO = """\
# The words

The vocabulary of Everyleg, generated from `src/everyleg/core/data/statuses.csv` by `python scripts/words.py`.

## Nouns

| word | is |
|---|---|
| workspace 工作区 | one tenant: a seller's team, a carrier, a forwarder |
| shipment 货件 · parcel 包裹 | a consignment from a seller to a buyer · one physical piece of it |
| stage 阶段 | one of the five below |
| leg 段 | the part of the way that one carrier has the parcel under that carrier's number; it may span several stages |
| carrier 承运商 · source 来源 | who moves it · where we learn of it (API, aggregator, push, file, person) |
| check 查询 | one attempt to learn of a leg: *news*, *nothing new*, *number unknown*, or *failed*, with the reason |
| observation 原始应答 | one raw answer as received: never changed, never lost |
| reading 读数 | what a manifest makes of an observation |
| statement 陈述 | one fact as one source told it |
| event 事件 | the fact itself: statements that tell the same thing; they are its witnesses |
| link 关联 | a fact that joins two numbers, with its evidence; it can be withdrawn |
| timeline 时间线 | what a parcel's statements and links say, folded: a pure function of sets |
| hand-off 交接 | the joint between two legs: released by one, accepted by the other, or one of the two missing |
| milestone / sub-status 里程碑 / 子状态 | the two levels of the table below |

## Stages

| stage | English | 中文 |
|---|---|---|
"""


def render() -> str:
    stages = "".join(f"| `{s}` | {STAGE_NAMES[s]['en']} | {STAGE_NAMES[s]['zh']} |\n" for s in STAGES)
    rows = "".join(
        f"| `{s.milestone}` | `{s.sub_status}` | `{s.stage}` | {s.meaning['en']} | {s.meaning['zh']} | "
        f"{s.display.get('zh', '')} · {s.display.get('en', '')} | {'yes' if s.moves else ''} | "
        f"{'yes' if s.exception else ''} |\n"
        for s in STATUSES.values()
    )
    head = (
        "\n## Milestones and sub-statuses\n\n*moves*: the row moves a parcel's state. *problem*: it stands until a "
        "later movement.\n\n| milestone | sub-status | stage | meaning | 含义 | shown as | moves | problem |\n"
        "|---|---|---|---|---|---|---|---|\n"
    )
    return INTRO + stages + head + rows


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(TARGET.read_text(encoding="utf-8") != render() and f"{TARGET} is stale; run python scripts/words.py")
    TARGET.write_text(render(), encoding="utf-8")
