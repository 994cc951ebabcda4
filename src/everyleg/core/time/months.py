"""The names of the months, as carriers print them."""

import unicodedata
from types import MappingProxyType

_NAMES = (
    # Without accents, as `_plain` leaves them; Polish and Russian in the nominative and the genitive.
    "january januar janvier enero gennaio janeiro januari styczen stycznia январь января jan janv ene gen sty янв",
    "february februar fevrier febrero febbraio fevereiro februari luty lutego февраль февраля "
    "feb fev fevr lut фев февр",
    "march marz maerz mars marzo marco maart marzec marca март марта mar mrz mrt мар",
    "april avril abril aprile kwiecien kwietnia апрель апреля apr avr abr kwi апр",
    "may mai mayo maggio maio mei maj maja май мая mag",
    "june juni juin junio giugno junho czerwiec czerwca июнь июня jun giu cze июн",
    "july juli juillet julio luglio julho lipiec lipca июль июля jul juil lug lip июл",
    "august aout agosto augustus sierpien sierpnia август августа aug ago sie авг",
    "september septembre septiembre setiembre settembre setembro wrzesien wrzesnia сентябрь сентября "
    "sep sept set wrz сен сент",
    "october oktober octobre octubre ottobre outubro pazdziernik pazdziernika октябрь октября oct okt ott out paz окт",
    "november novembre noviembre novembro listopad listopada ноябрь ноября nov lis ноя нояб",
    "december dezember decembre diciembre dicembre dezembro grudzien grudnia декабрь декабря dec dez dic gru дек",
)


def _plain(name: str) -> str:
    split = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in split if not unicodedata.combining(c)).rstrip(".")


_NUMBERS = MappingProxyType({_plain(name): number for number, names in enumerate(_NAMES, 1) for name in names.split()})


def month_number(name: str) -> int | None:
    """1…12 for a month's name, full or short, with or without accents and a final dot; None for no month.

    Languages: English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Russian.
    """
    return _NUMBERS.get(_plain(name))
