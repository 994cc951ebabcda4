"""Taking corrections back: what one did goes, and what still stands decides anew."""

from msgspec.structs import replace

from everyleg.accounts.roles import Permission
from everyleg.core.fold.rules import PERSON
from everyleg.pipeline.again import again
from everyleg.pipeline.corrections.desk import Desk, bump, close, corrections_of, open_desk, write_effect
from everyleg.pipeline.corrections.flags import decide_flags
from everyleg.pipeline.corrections.joins import around, decide_pins, standing_pins
from everyleg.pipeline.corrections.model import Correction, Done, Edit, NotPossibleError, Pin
from everyleg.pipeline.known import Store
from everyleg.store.db import Database

_UNDONE = """
UPDATE corrections SET undone_at = %s, undone_by = %s WHERE workspace_id = %s AND correction_id = %s
"""

_UNSAY = "DELETE FROM statements WHERE workspace_id = %s AND number_id = %s AND source = %s AND key = %s"

_UNLINK = "UPDATE links SET withdrawn_at = %s WHERE workspace_id = %s AND link_id = ANY(%s)"

_UNREMARK = "UPDATE remarks SET withdrawn_at = %s WHERE workspace_id = %s AND remark_id = %s"

# a carrier that answered meanwhile, or another number without a carrier, keeps the name where it is
_UNNAME = """
UPDATE numbers n SET carrier = '' WHERE n.workspace_id = %(workspace)s AND n.number_id = %(number)s
    AND NOT EXISTS (SELECT FROM readings r WHERE r.workspace_id = n.workspace_id AND r.number_id = n.number_id)
    AND NOT EXISTS (SELECT FROM numbers o WHERE o.workspace_id = n.workspace_id AND o.carrier = ''
        AND o.tracking_number = n.tracking_number)
"""

# of a parcel that was made for a correction nothing stays, unless somebody told or wrote something of it
_UNMAKE = """
DELETE FROM parcels p WHERE p.workspace_id = %(workspace)s AND p.parcel_id = %(parcel)s AND p.version = 1
    AND p.link_token IS NULL
    AND NOT EXISTS (SELECT FROM states s WHERE s.workspace_id = p.workspace_id AND s.parcel_id = p.parcel_id
        AND s.timeline IS NOT NULL)
    AND NOT EXISTS (SELECT FROM corrections c WHERE c.workspace_id = p.workspace_id AND c.parcel_id = p.parcel_id)
    AND NOT EXISTS (SELECT FROM parcels q WHERE q.workspace_id = p.workspace_id AND q.merged_into = p.parcel_id)
"""

_UNSHIP = """
UPDATE parcels SET shipment_id = NULL
WHERE workspace_id = %s AND parcel_id = %s AND shipment_id IS NOT DISTINCT FROM %s
"""


def listed(database: Database, workspace: int, parcel: int) -> list[Correction]:
    """The corrections of a parcel and of those merged into it, undone ones too, newest first."""
    with database.transaction(workspace) as connection:
        return corrections_of(Store(connection, database.keys, workspace), parcel)


def undo(database: Database, edit: Edit, correction_id: int) -> Done:
    """Take a correction back: as if it had never been made, with all that came since.

    Raises:
        StaleError: somebody else was first.
        NotPossibleError: the parcel has no such correction, or it is undone already.
        NotAllowedError: the actor may not.
    """

    def once() -> Done:
        with database.transaction(edit.actor.workspace, "worker") as connection:
            desk = open_desk(Store(connection, database.keys, edit.actor.workspace), edit)
            found = next((one for one in desk.corrections() if one.correction_id == correction_id), None)
            if found is None or found.undone_at is not None:
                raise NotPossibleError(
                    "that correction is undone already, or of another parcel: look at it again", "no_correction"
                )
            edit.actor.require(Permission.REMARK if found.kind == "remark" else Permission.CORRECT)
            values = (edit.now, desk.author, desk.store.workspace, correction_id)
            connection.execute(_UNDONE, values)
            _take_back(desk, found)
            version = desk.version if found.kind == "remark" else bump(desk)
            effect = replace(found.effect, undone_version=version)
            if effect.pin is not None:
                effect.numbers = around(desk.store, {effect.pin.root, effect.pin.to})
            write_effect(desk.store, correction_id, effect)
            close(desk, f"parcel.{found.kind}_undone", correction_id, effect)
            _unmake(desk, found)
            return Done(correction_id, version)

    return again(once)


def _take_back(desk: Desk, found: Correction) -> None:
    connection, workspace, effect = desk.store.connection, desk.store.workspace, found.effect
    for number, key in effect.statements:
        connection.execute(_UNSAY, (workspace, number, PERSON, bytes.fromhex(key)))
    if effect.links:
        connection.execute(_UNLINK, (desk.edit.now, workspace, effect.links))
    if effect.remark is not None:
        connection.execute(_UNREMARK, (desk.edit.now, workspace, effect.remark))
    if effect.pin is not None:
        _unpin(desk, found.parcel_id, effect.pin)
    if found.kind in ("stop", "archive", "restart"):
        decide_flags(desk.store, found.parcel_id, desk.edit.now)


def _unpin(desk: Desk, parcel: int, gone: Pin) -> None:
    standing = standing_pins(desk.corrections(), gone.root)
    decide_pins(desk.store, parcel, gone.root, standing, gone)
    if gone.named and not any(one.named for one in standing):
        desk.store.connection.execute(_UNNAME, {"workspace": desk.store.workspace, "number": gone.root})


def _unmake(desk: Desk, found: Correction) -> None:
    """A parcel that was made for it goes, or stays as one of its own where something is known of it."""
    if found.effect.made is None:
        return
    connection, workspace = desk.store.connection, desk.store.workspace
    gone = connection.execute(_UNMAKE, {"workspace": workspace, "parcel": found.effect.made})
    if not gone.rowcount:
        connection.execute(_UNSHIP, (workspace, found.effect.made, desk.shipment_id))
