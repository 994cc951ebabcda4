"""One cell: tidied, repaired where that is sure, refused where it is not."""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from everyleg.core.places.countries import country_of
from everyleg.sheets.notes import Note, Refused
from everyleg.sheets.rows import Numeric

BLANKS = frozenset({"-", "--", "---", "—", "——", "/", "N/A", "n/a", "null", "NULL", "None", "none", "无", "暂无"})
"""What exports write where there is nothing."""
EXACT_DIGITS = 15
"""Digits that a spreadsheet keeps of a number."""
_EXACT_INTEGER = 1 << 53
_ROUNDED_ZEROS = 5
"""Zeros after the fifteenth digit from which a text is taken for a rounded number: one genuine number in 100,000."""
_LONGEST = {"order": 200, "channel": 200, "shop": 200, "platform": 100, "postcode": 40, "sku": 200, "remark": 8000}
LONGEST_TAG = 100
_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)")
_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\]\\]{1,64}@(?:[\w-]{1,63}\.)+[\w-]{2,63}")
_SCIENTIFIC = re.compile(r"\d[.,]\d+E\+\d+", re.IGNORECASE)
_LONGEST_NUMBER = 300
_TAGS = re.compile("[,，;；、|\n]")
_JOINT = re.compile(r"[-–—/|()（）\[\]【】\s]+")
_SCRIPTS = re.compile(r"(?<=[^\x00-\x7f])(?=[\x00-\x7f])|(?<=[\x00-\x7f])(?=[^\x00-\x7f])")
_NARROW_FIELDS = frozenset({"order", "postcode", "sku", "quantity", "email"})
_DIGITS_MATTER = frozenset({"number", "order", "postcode", "sku"})
_HIDDEN = frozenset("\u200b\u200e\u200f\u2060\ufeff\u00ad\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that nobody sees and nobody means; joiners stay, as emoji and some scripts need them."""
_FIVE_DIGITS = frozenset(
    ["US", "DE", "FR", "ES", "IT", "MX", "PR", "TR", "UA", "FI", "EE", "HR", "LT", "MY", "TH", "KR"]
)
"""Countries whose postcodes are five digits, so that a shorter one lost its zeros."""


def shown(cell: str | Numeric) -> str:
    """A cell as a text, without judging it."""
    return cell if isinstance(cell, str) else _plain_number(cell.text)


def is_blank(cell: str | Numeric | None) -> bool:
    """Whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and ((bare := cell.strip()) == "" or bare in BLANKS))


def text_of(field: str, cell: str | Numeric, notes: list[Note]) -> str:
    """A cell's text, tidied; what was set right is added to `notes`.

    Raises:
        Refused: a number that lost digits, a date where there should be a text, an error value, too long a text.
    """
    if isinstance(cell, Numeric):
        return whole_number(field, cell, notes)
    if _ERROR.fullmatch(cell.strip()):
        raise Refused("error_cell", column=field, text=cell.strip())
    if field in _DIGITS_MATTER and _SCIENTIFIC.fullmatch(cell.strip()):
        raise Refused("destroyed", column=field, text=cell.strip())
    narrow = field in _NARROW_FIELDS
    text = tidy(cell, narrow=narrow, lines=field == "remark")
    plain = cell.isascii() and cell.isprintable()
    if not plain and text != tidy(cell, clean=False, lines=field == "remark"):
        notes.append(Note("cell_cleaned", {"column": field}))
    if len(text) > _LONGEST.get(field, 32_767):
        raise Refused("too_long", column=field, most=_LONGEST[field])
    return text


def tidy(text: str, *, narrow: bool = False, lines: bool = False, clean: bool = True) -> str:
    """A text without invisible characters and needless blanks.

    Args:
        text: a cell.
        narrow: make full-width characters ordinary ones.
        lines: keep line breaks and blanks within.
        clean: False leaves characters as they are and looks to the blanks only.
    """
    if clean and not text.isascii():
        text = "".join(char for char in text if char not in _HIDDEN)
        text = "".join(map(_narrow, text)) if narrow else text
    if not text.isprintable():
        text = text.replace("\r\n", "\n").replace("\r", "\n") if lines else text
        text = "".join(map(_visible, text))
    return text.strip() if lines else " ".join(text.split())


def _visible(char: str) -> str:
    """The character; a blank or nothing for a control character."""
    if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs"):
        return char
    return " " if char.isspace() else ""


def _narrow(char: str) -> str:
    return unicodedata.normalize("NFKC", char) if unicodedata.east_asian_width(char) == "F" else char


def whole_number(field: str, cell: Numeric, notes: list[Note]) -> str:
    """The text of a cell that the workbook keeps as a number, if no digit of it is lost.

    Raises:
        Refused: digits are lost, or the workbook took it for a date.
    """
    if cell.is_date:
        raise Refused("became_date", column=field)
    text = _plain_number(cell.text)
    if is_destroyed(cell.text):
        raise Refused("destroyed", column=field, text=cell.text)
    if text.isdecimal() and len(text) < cell.zeros:
        text = text.zfill(cell.zeros)
        notes.append(Note("zeros_restored", {"column": field, "now": text}))
    return text


def is_destroyed(text: str) -> bool:
    """Whether a number in a workbook has lost digits: it passed through a floating-point number of 15 digits.

    What stands in the file as all its digits and is no floating-point number did not, so it is whole.
    """
    number = _decimal(text)
    if number is None or number.adjusted() < EXACT_DIGITS or number != number.to_integral_value():
        return False
    if not text.isdecimal():
        return True
    whole = int(text)
    if whole < _EXACT_INTEGER:
        return whole % 10 == 0
    return not str(whole)[EXACT_DIGITS:].strip("0") or whole == int(float(whole))


def looks_rounded(number: str) -> bool:
    """Whether a text of digits only ends as a spreadsheet leaves it when it saves a long number."""
    tail = number[EXACT_DIGITS:]
    return number.isdecimal() and len(tail) >= _ROUNDED_ZEROS and not tail.strip("0")


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < _LONGEST_NUMBER else None


def _plain_number(text: str) -> str:
    """`12.0` and `1.2E+1` as `12`: a number as people write it, while its digits are all there."""
    number = None if text.isdecimal() else _decimal(text)
    if number is None or is_destroyed(text):
        return text
    return f"{number:.0f}" if number == number.to_integral_value() else f"{float(number):.15g}"


def country(cell: str | Numeric, _: list[Note]) -> str:
    """ISO 3166-1 alpha-2, from a code or a name; several in a cell (`US 美国`) must agree.

    Raises:
        Refused: it names none.
    """
    text = tidy(shown(cell), narrow=True)
    found = _country(text)
    if found is None:
        raise Refused("bad_country", column="country", text=text)
    return found


@lru_cache(maxsize=4096)
def _country(text: str) -> str | None:
    if found := country_of(text):
        return found
    parts = {code for part in _JOINT.split(_SCRIPTS.sub(" ", text)) if part and (code := country_of(part))}
    return parts.pop() if len(parts) == 1 else None


def email(cell: str | Numeric, notes: list[Note]) -> str:
    """An e-mail address that could be one.

    Raises:
        Refused: it could not.
    """
    text = text_of("email", cell, notes)
    if not _EMAIL.fullmatch(text) or len(text) > 254:
        raise Refused("bad_email", column="email", text=text[:80])
    return text


def quantity(cell: str | Numeric, notes: list[Note]) -> Decimal:
    """A quantity above 0, to the thousandth.

    Raises:
        Refused: it is none.
    """
    text = shown(cell) if isinstance(cell, Numeric) else text_of("quantity", cell, notes)
    try:
        number = Decimal(text)
        kept = number.quantize(Decimal("0.001")) if number.is_finite() and 0 < number < 10**9 else Decimal(0)
    except InvalidOperation:
        kept = Decimal(0)
    if not kept or kept != number:
        raise Refused("bad_quantity", column="quantity", text=text[:40])
    return kept.normalize() + 0


def tags(cell: str | Numeric, notes: list[Note]) -> tuple[str, ...]:
    """Names of tags, each once, in the order given.

    Raises:
        Refused: one is too long.
    """
    names = [tidy(part) for part in _TAGS.split(text_of("tags", _lines_as_commas(cell), notes))]
    if any(len(name) > LONGEST_TAG for name in names):
        raise Refused("too_long", column="tags", most=LONGEST_TAG)
    return tuple(dict.fromkeys(filter(None, names)))


def _lines_as_commas(cell: str | Numeric) -> str | Numeric:
    return re.sub(r"[\r\n]+", ",", cell) if isinstance(cell, str) else cell


def full_postcode(postcode: str, country: str | None, notes: list[Note]) -> str:
    """A postcode in capitals, with the zeros in front that a spreadsheet took, where the country tells how many."""
    if country in _FIVE_DIGITS and postcode.isdecimal() and 2 < len(postcode) < 5:
        postcode = postcode.zfill(5)
        notes.append(Note("zeros_restored", {"column": "postcode", "now": postcode}))
    return postcode.upper()


def _texts(field: str) -> Callable[[str | Numeric, list[Note]], str]:
    return lambda cell, notes: text_of(field, cell, notes)


READERS: dict[str, Callable[[str | Numeric, list[Note]], object]] = {
    **{field: _texts(field) for field in _LONGEST},
    "country": country,
    "email": email,
    "quantity": quantity,
    "tags": tags,
}
"""By field: what makes its value of a cell; numbers and dates have modules of their own."""
