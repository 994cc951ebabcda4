"""How many event texts the wording understands, by their words alone: no carrier's table is asked."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from everyleg.core.wording import classify


class Tally(Struct):
    """Counts of texts; right + unsure + wrong = all."""

    right: int = 0
    unsure: int = 0
    """`other` where something was meant: neither right nor wrong."""
    wrong: int = 0

    @property
    def all(self) -> int:
        """Texts counted."""
        return self.right + self.unsure + self.wrong

    def share(self, count: int) -> float:
        """Share 0…1 of a count; 0 when nothing was counted."""
        return count / self.all if self.all else 0.0


class Miss(Struct, frozen=True):
    """A text whose guess is not among the accepted sub-statuses."""

    carrier: str
    lang: str
    text: str
    status: str
    guess: str


class MessageScore(Struct):
    """What `score_messages` found."""

    total: Tally
    by_lang: dict[str, Tally]
    by_carrier: dict[str, Tally]
    wrong: list[Miss]
    unsure: list[Miss]


def score_messages(rows: Iterable[Mapping[str, str]], accepted: Mapping[str, frozenset[str]]) -> MessageScore:
    """Score `classify` on event texts.

    Args:
        rows: mappings with `text`, `status`, and where known `lang` and `carrier` (columns of `messages.csv`). The
            language is only counted by, never told to `classify`.
        accepted: the sub-statuses that count as right, by the rows' status word.
    """
    score = MessageScore(Tally(), {}, {}, [], [])
    for row in rows:
        guess = classify(row["text"]).sub_status
        miss = Miss(row.get("carrier", ""), row.get("lang", ""), row["text"], row["status"], guess)
        tallies = (
            score.total,
            score.by_lang.setdefault(miss.lang, Tally()),
            score.by_carrier.setdefault(miss.carrier, Tally()),
        )
        _count(score, miss, tallies, accepted.get(row["status"], frozenset()))
    return score


def _count(score: MessageScore, miss: Miss, tallies: Iterable[Tally], accepted: frozenset[str]) -> None:
    if miss.guess in accepted:
        for tally in tallies:
            tally.right += 1
    elif miss.guess == "other":
        score.unsure.append(miss)
        for tally in tallies:
            tally.unsure += 1
    else:
        score.wrong.append(miss)
        for tally in tallies:
            tally.wrong += 1


def accepted_sub_statuses(rows: Iterable[Mapping[str, str]]) -> dict[str, frozenset[str]]:
    """Read the rows of `message_statuses.csv` (`status`, `accepted_sub_statuses`) into sets."""
    return {row["status"]: frozenset(row["accepted_sub_statuses"].split()) for row in rows}
