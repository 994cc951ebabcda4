"""One line of text that somebody typed: names of people, keys, secrets."""

import unicodedata


def one_line(text: str, most: int = 100) -> str:
    """Without line breaks and other control characters, without blanks around it, cut to `most` characters."""
    plain = "".join(" " if unicodedata.category(sign).startswith("C") else sign for sign in text)
    return " ".join(plain.split())[:most].rstrip()
