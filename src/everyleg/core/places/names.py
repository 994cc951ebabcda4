"""Names of places made comparable."""

import unicodedata

_SHORT = {"saint": "st", "sainte": "ste", "fort": "ft", "mount": "mt"}
_SIGNS = {ord(sign): " " for sign in map(chr, range(128)) if not sign.isalnum()}


def fold(name: str) -> str:
    """A name without case, accents, signs and "the": `Côte d'Ivoire` → `cote d ivoire`."""
    words = _words(name)
    return " ".join([word for word in words if word != "the"] if "the" in words else words)


def fold_city(name: str) -> str:
    """The same for cities, whose first words people shorten: `Saint Louis` and `St. Louis` are one."""
    words = _words(name)
    if words and words[0] in _SHORT:
        words[0] = _SHORT[words[0]]
    return " ".join(words)


def _words(name: str) -> list[str]:
    if name.isascii():
        return name.lower().translate(_SIGNS).split()
    split = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c if c.isalnum() else " " for c in split if not unicodedata.combining(c)).split()
