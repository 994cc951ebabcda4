"""What a sheet's coverage reads like, in the reader's words: for the page and for the command alike."""

from collections.abc import Iterable

from everyleg.ports.access import Access
from everyleg.sheets.coverage import AccessOf, Coverage, Covered, Step
from everyleg.web.words import Words

_SEVERAL = 3
"""Carriers that are named where a number may be of more."""


def _exact(count: float) -> float:
    return int(count) if count == int(count) else count


class Telling:
    """Says it in one language."""

    def __init__(self, words: Words, access_of: AccessOf) -> None:
        """`access_of` knows the carriers' names and what they want."""
        self.words, self._access_of = words, access_of

    def name(self, slug: str) -> str:
        """A carrier's or aggregator's name."""
        names = self._access_of(slug).names
        return names.zh if self.words.lang == "zh" else names.en

    def fact(self, name: str) -> str:
        """A fact that a carrier wants."""
        known = ("postal_code", "phone_tail", "country", "order_reference")
        return self.words(f"coverage.fact_{name}") if name in known else name

    def share(self, part: float) -> str:
        """A share as a percentage; all and nothing are said only where they are true."""
        percent = min(99, max(1, round(part * 100))) if 0 < part < 1 else round(part * 100)
        return f"{percent}%"

    def sentence(self, found: Coverage) -> str:
        """The first line: how much now, and with all steps."""
        t = self.words
        if not found.numbers:
            return t("coverage.sentence_none")
        said = t("coverage.sentence", n=found.numbers, share=self.share(found.share))
        if found.steps:
            space = "" if t.lang == "zh" else " "
            said += space + t("coverage.then", share=self.share(found.steps[-1].share_after))
        return said

    def how(self, how: str) -> str:
        """By what numbers are followed."""
        kind, _, about = how.partition(":")
        return (
            self.words(f"coverage.how_{kind}", name=self.name(about)) if about else self.words(f"coverage.how_{kind}")
        )

    def deed(self, step: Step) -> str:
        """What to do."""
        name = self.fact(step.about) if step.deed == "fill" else self.name(step.about)
        said = self.words(f"coverage.step_{step.deed}", name=name)
        if not step.fields:
            return said
        return (
            f"{said}{self._comma}{self.words('coverage.step_fields', names=self.listed(map(self.fact, step.fields)))}"
        )

    def gain(self, step: Step) -> str:
        """What it gains."""
        return self.words("coverage.gains", n=step.gains, share=self.share(step.share_after))

    def details(self, step: Step) -> list[str]:
        """What one has to know to do it."""
        whose = self._named(step.carriers) if step.deed in ("aggregator", "fill") else ""
        asked = self.words("coverage.asks_for", names=", ".join(step.settings)) if step.settings else ""
        allowed = self.limits(self._access_of(step.about)) if step.deed != "fill" else ""
        doubt = [] if step.deed == "fill" else self.doubt(self._access_of(step.about))
        return [said for said in (whose, step.apply or "", asked, allowed, *doubt) if said]

    def limits(self, access: Access) -> str:
        """How often an account may ask; empty where nobody says."""
        per = {name: getattr(access.limits, f"per_{name}") for name in ("second", "minute", "hour", "day")}
        said = [self.words(f"coverage.per_{name}", n=_exact(count)) for name, count in per.items() if count]
        if said and (access.limits.batch or 1) > 1:
            said.append(self.words("coverage.batch", n=access.limits.batch or 1))
        return self.words("coverage.allows", limits=self.listed(said)) if said else ""

    def wants(self, access: Access) -> str:
        """What one carrier wants before it can be asked."""
        said = [self.words(f"coverage.way_{access.way}"), *access.settings, *map(self.fact, access.fields)]
        return " · ".join([*said, *self.doubt(access)])

    def doubt(self, access: Access) -> list[str]:
        """That its manifest never met an answer of the carrier's own, where that is so."""
        return [self.words("coverage.unproven")] if access.tier == "bronze" else []

    def line(self, step: Step) -> str:
        """A step in one line."""
        return f"{self.deed(step)}{self.words.colon}{self.gain(step)}"

    def carriers(self, one: Covered) -> str:
        """Whose numbers they are."""
        if not one.carriers:
            return self.words("coverage.nobody")
        if len(one.carriers) == 1:
            return self.name(one.carriers[0])
        return self.words("coverage.one_of", names=self._named(one.carriers))

    def needs(self, one: Covered) -> str:
        """By what all of them are followed, or what they need: of each carrier that they may be of."""
        if not one.carriers:
            return self.words("coverage.way_nothing")
        if one.followed == one.numbers:
            return self.listed(map(self.how, one.how))
        said = list(dict.fromkeys(self._need(self._access_of(slug)) for slug in one.carriers))[:_SEVERAL]
        said += [self.words("coverage.missing", n=n, name=self.fact(name)) for name, n in one.missing.items()]
        return "; ".join(said) if self.words.lang == "en" else "；".join(said)

    def _need(self, access: Access) -> str:
        what = self.words(f"coverage.way_{access.way}")
        others = self.listed(map(self.name, access.aggregators))
        if access.way == "open" or not others:
            return what
        joint = "with" if access.way in ("read", "unread") else "or"
        return self.words(f"coverage.said_{joint}", what=what, names=others)

    def _named(self, slugs: list[str]) -> str:
        """The first few by name."""
        shown = self.listed(map(self.name, slugs[:_SEVERAL]))
        rest = len(slugs) - _SEVERAL
        return f"{shown} {self.words('coverage.more', n=rest)}" if rest > 0 else shown

    def listed(self, names: Iterable[str]) -> str:
        """Several, one after the other."""
        return ("、" if self.words.lang == "zh" else ", ").join(names)

    @property
    def _comma(self) -> str:
        return "，" if self.words.lang == "zh" else ", "
