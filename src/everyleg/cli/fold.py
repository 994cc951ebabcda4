"""`everyleg fold`: statements in, timelines out."""

from typing import Annotated

from cyclopts import Parameter

from everyleg.cli.io import UserError, print_json, read_bytes
from everyleg.core.fold import DocumentError, fold_document


def fold(file: Annotated[str, Parameter(allow_leading_hyphen=True)], /, *, json: bool = True) -> None:
    """Join statements into timelines, whatever their order.

    Args:
        file: JSON {"facts", "observations", "links", "statements"}, or - for standard input; missing fields are null.
        json: Accepted for symmetry with the other commands: timelines are always JSON.
    """
    del json
    try:
        timelines = fold_document(read_bytes(file))
    except DocumentError as error:
        raise UserError(f"{file}: {error}") from error
    print_json(timelines)
