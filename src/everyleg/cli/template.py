"""`everyleg template`: an empty daily sheet."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from everyleg.cli.io import UserError
from everyleg.sheets.outgoing import template as made


def template(
    *,
    lang: Literal["zh", "en"] = "en",
    out: Annotated[str, Parameter(name=["--out", "-o"], allow_leading_hyphen=True)] = "everyleg-daily-sheet.xlsx",
) -> None:
    """Write an empty daily sheet: headings, columns formatted as text, an example row, and a sheet that explains.

    Args:
        lang: Language of the headings; sheets in either are read.
        out: Where to, an XLSX file; - for standard output.
    """
    if out == "-":
        sys.stdout.buffer.write(made(lang))
        return
    try:
        with Path(out).open("xb") as file:
            file.write(made(lang))
    except OSError as error:
        raise UserError(f"{out}: {error.strerror}; give another name with -o") from error
    print(out)
