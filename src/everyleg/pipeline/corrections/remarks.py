"""Remarks: what people tell each other of a parcel; nothing decides by them."""

from everyleg.pipeline.corrections.desk import Desk, apply
from everyleg.pipeline.corrections.model import Done, Edit, Effect, NotPossibleError
from everyleg.store.db import Database

_ADD = """
INSERT INTO remarks (workspace_id, parcel_id, author_id, body, created_at) VALUES (%s, %s, %s, %s, %s)
RETURNING remark_id
"""


def remark(database: Database, edit: Edit, text: str) -> Done:
    """Write a remark; nobody's edit becomes stale by it.

    Raises:
        CorrectionError: as its subclasses say.
    """
    if not text.strip():
        raise NotPossibleError("a remark needs a text", "no_text")

    def write(desk: Desk, correction: int) -> Effect:
        store = desk.store
        body = store.keys.seal_text(text.strip(), store.about("remarks.body"))
        values = (store.workspace, desk.parcel, desk.author, body, edit.now)
        row = store.connection.execute(_ADD, values).fetchone()
        return Effect(remark=row[0] if row else None)

    return apply(database, edit, "remark", write)
