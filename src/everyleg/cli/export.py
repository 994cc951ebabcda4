"""`everyleg export`: all parcels of a workspace as a sheet."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from everyleg.accounts.actors import command_line
from everyleg.cli.io import UserError
from everyleg.cli.store import default_workspace, opened_store
from everyleg.sheets.exporting import Wish
from everyleg.sheets.exporting import export as write
from everyleg.sheets.notes import SheetError


def export(
    *,
    workspace: str | None = None,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("everyleg-parcels.xlsx"),
    lang: Literal["zh", "en"] = "en",
) -> None:
    """Write all parcels in the layout of the daily sheet, with how far each has come; `everyleg add` reads it again.

    Args:
        workspace: Slug; without it the only or oldest one.
        out: Where to: FILE.xlsx or FILE.csv; not over a file that is there.
        lang: Language of headings and states.
    """
    kind: Literal["xlsx", "csv"] = "csv" if out.suffix.lower() == ".csv" else "xlsx"
    with opened_store() as database:
        tenant = default_workspace(database, workspace)
        try:
            with out.open("xb") as file:
                count = write(database, tenant, file, command_line(tenant), Wish(kind, lang))
        except OSError as error:
            raise UserError(f"{out}: {error.strerror}; give another name with -o") from error
        except SheetError as error:
            out.unlink()
            raise UserError(f"{out}: {error}") from error
    print(f"{out}: {count:,} rows")
