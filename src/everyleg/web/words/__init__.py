"""The words of the pages: one YAML file a page, each line a key with its English and its Chinese text.

    sentence: ["{n} parcels", "{n} 个包裹"]

A key `name.one` stands in for `name` where English counts one. Nothing here is HTML: templates escape what they print.
Dates, numbers and durations are Babel's.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from markupsafe import Markup

from everyleg.core.vocabulary import STAGE_NAMES, STATUSES

Lang = Literal["en", "zh"]
LANGS: tuple[Lang, ...] = ("en", "zh")

_LOCALES = {"en": Locale("en"), "zh": Locale("zh", script="Hans")}
_MOMENT = {"en": "d MMM, HH:mm", "zh": "M月d日 HH:mm"}
_EXACT = {"en": "EEE d MMM y, HH:mm:ss", "zh": "y年M月d日 EEE HH:mm:ss"}
_DAY = {"en": "EEE d MMM", "zh": "M月d日 EEE"}


_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"})
"""Two letters that CLDR names and no parcel goes to as such."""


@cache
def catalogue() -> dict[str, tuple[str, str]]:
    """Every key (`page.name`) with its English and Chinese text."""
    found: dict[str, tuple[str, str]] = {}
    for file in resources.files(__name__).iterdir():
        if file.name.endswith(".yaml"):
            page = file.name.removesuffix(".yaml")
            lines = yaml.safe_load(file.read_text(encoding="utf-8"))
            found |= {f"{page}.{key}": (en, zh) for key, (en, zh) in lines.items()}
    return found


class Words:
    """What a reader of one language, in one time zone, reads."""

    def __init__(self, lang: Lang, zone: tzinfo, now: datetime) -> None:
        """`now` is what relative times are relative to."""
        self.lang, self.zone, self.now = lang, zone, now
        self._index, self._locale = LANGS.index(lang), _LOCALES[lang]

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, with numbers written as the language does.

        Raises:
            KeyError: no such key.
        """
        texts = catalogue()
        if values.get("n") == 1 and self.lang == "en" and f"{key}.one" in texts:
            key = f"{key}.one"
        text = texts[key][self._index]
        if not values:
            return text
        return text.format(**{k: self.number(v) if isinstance(v, int) else v for k, v in values.items()})

    def number(self, value: int) -> str:
        """A count."""
        return str(value) if -1000 < value < 1000 else format_decimal(value, locale=self._locale)

    def money(self, value: Decimal) -> str:
        """An amount, in whatever money: `36`, `36.10`, `0.0315`."""
        pattern = "#,##0" if value == value.to_integral_value() else "#,##0.00####"
        return format_decimal(value, pattern, locale=self._locale)

    def capped(self, count: int, cap: int) -> str:
        """A count that was counted up to a cap: `10,000+` at the cap."""
        return f"{self.number(cap)}+" if count > cap else self.number(count)

    def ago(self, moment: datetime) -> str:
        """How long ago (or until when)."""
        delta = moment - self.now
        if abs(delta) < timedelta(minutes=1):
            return self("common.just_now")
        return format_timedelta(delta, add_direction=True, locale=self._locale, threshold=1.6)

    def lasting(self, seconds: int) -> str:
        """A duration in its largest sensible unit."""
        return format_timedelta(timedelta(seconds=seconds), threshold=1.6, format="short", locale=self._locale)

    def moment(self, moment: datetime) -> str:
        """Day and minute on the reader's clock."""
        return format_datetime(moment, _MOMENT[self.lang], self.zone, self._locale)

    def wall(self, local: datetime) -> str:
        """Day and minute of a clock somewhere else, as it stood there."""
        return format_datetime(local.replace(tzinfo=None), _MOMENT[self.lang], locale=self._locale)

    def exact(self, moment: datetime) -> str:
        """All of it, on the reader's clock, with the zone."""
        at = moment.astimezone(self.zone)
        return f"{format_datetime(moment, _EXACT[self.lang], self.zone, self._locale)} {offset(at)}"

    def day(self, moment: datetime) -> str:
        """A day with its weekday, as its own clock has it."""
        return format_date(moment, _DAY[self.lang], self._locale)

    def month(self, day: date) -> str:
        """A month with its year."""
        return format_date(day, {"en": "MMMM y", "zh": "y年M月"}[self.lang], self._locale)

    @property
    def colon(self) -> str:
        """Between a word and what explains it."""
        return "：" if self.lang == "zh" else ": "

    def source(self, source: str) -> str:
        """How something was told: asked, pushed, by file, by a person; an aggregator by its slug."""
        how = source.rsplit("/", 1)[-1]
        return self(f"common.source_{how}") if f"common.source_{how}" in catalogue() else how

    def stage(self, stage: str) -> str:
        """A stage's name."""
        return STAGE_NAMES[stage][self.lang]

    def shown(self, sub_status: str) -> str:
        """How lists show a sub-status: 运输途中, In transit."""
        row = STATUSES[sub_status]
        return row.display.get(self.lang) or row.meaning[self.lang]

    def meaning(self, sub_status: str) -> str:
        """What a sub-status means."""
        text = STATUSES[sub_status].meaning[self.lang]
        return text[:1].upper() + text[1:]

    def milestone(self, milestone: str) -> str:
        """A milestone in a tab's words, else in those of its first row."""
        if f"parcels.tab_{milestone}" in catalogue():
            return self(f"parcels.tab_{milestone}")
        return self.meaning(next(row.sub_status for row in STATUSES.values() if row.milestone == milestone))

    def country(self, code: str | None) -> str:
        """A country's name."""
        return self._locale.territories.get(code, code) if code else ""

    def countries(self) -> Markup:
        """Every country as an option to choose, by name in the reader's language."""
        return _countries(self.lang)

    def meanings(self) -> Markup:
        """Every meaning as an option to choose, by its words, under its milestone's."""
        return _meanings(self.lang)


_OPTION = Markup('<option value="{}">{}</option>')
_GROUP = Markup('<optgroup label="{}">{}</optgroup>')


@cache
def _meanings(lang: Lang) -> Markup:
    t = Words(lang, UTC, datetime.min.replace(tzinfo=UTC))
    rows: dict[str, list[Markup]] = {}
    for row in STATUSES.values():
        if row.milestone not in ("none", "expired"):
            rows.setdefault(row.milestone, []).append(_OPTION.format(row.sub_status, t.meaning(row.sub_status)))
    return Markup("").join(_GROUP.format(t.milestone(m), Markup("").join(options)) for m, options in rows.items())


@cache
def _countries(lang: Lang) -> Markup:
    named = {c: n for c, n in _LOCALES[lang].territories.items() if len(c) == 2 and c.isalpha()}
    ordered = sorted(((c, n) for c, n in named.items() if c not in _NO_COUNTRIES), key=_by_name)
    return Markup("").join(_OPTION.format(*country) for country in ordered)


def _by_name(country: tuple[str, str]) -> str:
    return country[1]


def offset(moment: datetime) -> str:
    """A moment's distance from Greenwich: `UTC+08:00`."""
    minutes = int((moment.utcoffset() or timedelta()).total_seconds() // 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
