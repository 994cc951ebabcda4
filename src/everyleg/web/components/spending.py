"""What a month of sources reads like, in the reader's words: for the page and for the command alike."""

from msgspec import Struct

from everyleg.planner.routing.looks import Difference
from everyleg.planner.routing.report import Line, Report
from everyleg.ports.access import AGGREGATORS
from everyleg.web.components.coverage import Telling


class Cell(Struct, frozen=True):
    """A figure of a source: what it is, the figure, and what it stands on."""

    label: str
    figure: str
    about: str = ""
    share: float | None = None
    """Of the month's budget, where there is one."""


class Spoken:
    """Says it in one language."""

    def __init__(self, telling: Telling) -> None:
        """`telling` knows the names."""
        self.words, self.telling = telling.words, telling

    def sentence(self, told: Report) -> str:
        """What the month was."""
        t = self.words
        said = [t("sources.month_did", n=told.calls) if told.calls else t("sources.month_none")]
        if told.saved is not None:
            said.append(t("sources.month_spent", money=t.money(told.money), saved=t.money(told.saved)))
        elif told.spared:
            said.append(t("sources.month_spared", n=told.spared))
        return ("" if t.lang == "zh" else " ").join(said)

    def account(self, line: Line) -> str:
        """By which account."""
        if line.pushed:
            return self.words("sources.pushed")
        if line.open:
            return self.words("sources.open")
        return line.name or self.words("sources.was_removed" if line.account_id else "sources.no_account")

    def cells(self, line: Line) -> list[Cell]:
        """Its figures; what does not apply is empty."""
        return [self._calls(line), self._spent(line), self._saved(line), self._age(line)]

    def _calls(self, line: Line) -> Cell:
        t = self.words
        about = t("sources.seconds", n=line.seconds) if line.seconds else ""
        return Cell(t("sources.calls"), t.number(line.calls) if line.account_id else "", about)

    def _spent(self, line: Line) -> Cell:
        t, label = self.words, self.words("sources.spent")
        if line.cap is None:
            return Cell(label, t.money(line.money) if line.source in AGGREGATORS and line.account_id else "")
        share = min(1.0, float(line.money / line.cap)) if line.cap else 1.0
        about = t("sources.cap_reached" if share >= 1 else "sources.of_cap", cap=t.money(line.cap))
        return Cell(label, t.money(line.money), about, share)

    def _saved(self, line: Line) -> Cell:
        t, label = self.words, self.words("sources.saved")
        if not line.spared:
            return Cell(label, "")
        key = "sources.pushed_instead" if line.source in AGGREGATORS else "sources.spared"
        return Cell(label, "" if line.saved is None else t.money(line.saved), t(key, n=line.spared))

    def _age(self, line: Line) -> Cell:
        t, label = self.words, self.words("sources.age")
        if line.age is None:
            return Cell(label, "", t("sources.age_none"))
        return Cell(label, t.lasting(line.age.seconds), t("sources.age_of", n=line.age.measured))

    def looks(self, told: Report) -> str:
        """How far two sources agree."""
        t = self.words
        looks, differ = (sum(getattr(one, name) for one in told.agreements) for name in ("looks", "differences"))
        if not looks:
            need = "" if told.saved is not None else t("sources.looks_need")
            return ("" if t.lang == "zh" else " ").join(filter(None, [t("sources.looks_none"), need]))
        return t("sources.looks_differ", n=differ, all=looks) if differ else t("sources.looks_same", n=looks)

    def pair(self, one: str, other: str) -> str:
        """Two sources as statements name them."""
        return self.words("sources.and_", one=self._whose(one), other=self._whose(other))

    def difference(self, one: Difference) -> str:
        """What only one of two sources tells of a parcel."""
        sides = ((one.second, one.missing), (one.source, one.extra))
        said = (
            self.words(
                "sources.only", name=self._whose(source), what=self.telling.listed(map(self.words.milestone, only))
            )
            for source, only in sides
            if only
        )
        return " · ".join(said)

    def _whose(self, source: str) -> str:
        known = {"carrier_api": "sources.itself", "webhook": "sources.its_pushes"}
        return self.words(known[source]) if source in known else self.telling.name(source)
