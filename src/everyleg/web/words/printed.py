"""Words as pages print them."""

import re

from everyleg.web.words import Words

_COUNTED = re.compile("(?<=[0-9]) (?=[\u4e00-\u9fff])")
"""Between a count and what is counted: no place for the end of a line."""


class Printed(Words):
    """The same words, with spaces that hold together what a line should not part."""

    def __call__(self, key: str, **values: object) -> str:
        """As `Words`."""
        text = super().__call__(key, **values)
        return _COUNTED.sub("\u00a0", text) if self.lang == "zh" else text
