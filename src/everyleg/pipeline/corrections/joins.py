"""What a person says of numbers: another one of the same parcel, a parcel that replaces it, whose number it is."""

from collections.abc import Sequence
from typing import Literal

from everyleg.core.fold.rules import PERSON
from everyleg.core.model import LinkKind, Ref, Relation
from everyleg.pipeline.corrections.desk import Desk, apply
from everyleg.pipeline.corrections.model import Correction, Done, Edit, Effect, NotPossibleError, Pin
from everyleg.pipeline.known import Store
from everyleg.pipeline.numbers import ensure_numbers, stirred
from everyleg.pipeline.parcels import NewParcel, ensure_parcels
from everyleg.store.db import Database

Joining = Literal["last_mile", "first_mile", "return"]
"""What an added number is to the one that the parcel was made for."""

_LINK = """
INSERT INTO links (workspace_id, kind, a_number_id, b_number_id, relation, source, evidence, author_id, observed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING link_id
"""

_HAS_LEG = "SELECT FROM legs WHERE workspace_id = %s AND parcel_id = %s AND number_id = %s"

_SAME_NUMBER = "SELECT number_id, carrier FROM numbers WHERE workspace_id = %s AND tracking_number = %s ORDER BY 1"

_NAME = "UPDATE numbers SET carrier = %s WHERE workspace_id = %s AND number_id = %s"

_MOVE = "UPDATE numbers SET moved_to = nullif(%s::bigint, number_id) WHERE workspace_id = %s AND number_id = ANY(%s)"

_LINKED = """
SELECT a_number_id, b_number_id FROM links
WHERE workspace_id = %(workspace)s AND (a_number_id = ANY(%(ids)s) OR b_number_id = ANY(%(ids)s))
"""

_CARRIERS = "SELECT number_id, carrier FROM numbers WHERE workspace_id = %s AND number_id = ANY(%s)"

_PINNED = "UPDATE parcels SET pinned_carrier = %s WHERE workspace_id = %s AND parcel_id = %s"

_SHIP = "UPDATE parcels SET shipment_id = %s WHERE workspace_id = %s AND parcel_id = %s"


def add_number(database: Database, edit: Edit, ref: Ref, relation: Joining = "last_mile") -> Done:
    """Say that another number is of the same parcel; a parcel that it had redirects here, or this one there.

    Raises:
        CorrectionError: as its subclasses say.
    """

    def join(desk: Desk, correction: int) -> Effect:
        number = ensure_numbers(desk.store.connection, desk.store.workspace, {ref})[ref]
        if number in desk.numbers:
            raise NotPossibleError(
                f"{ref.tracking_number} is a number of this parcel already", "own_number", number=ref.tracking_number
            )
        link = _link(desk, correction, ("same_parcel", desk.own, number, relation))
        return Effect(links=[link], numbers=[desk.own, number])

    def joined(desk: Desk, effect: Effect) -> None:
        _, number = effect.numbers
        asked = (desk.store.workspace, desk.follow(), number)
        if not desk.store.connection.execute(_HAS_LEG, asked).rowcount:
            raise NotPossibleError(
                f"{ref.tracking_number} is not of this parcel's journey: it moves at the same time as another number "
                "of its carrier, or at another time; take the wrong one off first",
                "other_journey",
                number=ref.tracking_number,
            )

    return apply(database, edit, "add_number", join, joined)


def replace(database: Database, edit: Edit, ref: Ref) -> Done:
    """Say that another parcel takes this one's place (补发, 换单); an unknown one is made, for the same shipment.

    Raises:
        CorrectionError: as its subclasses say.
    """

    def put(desk: Desk, correction: int) -> Effect:
        connection, workspace = desk.store.connection, desk.store.workspace
        (new,) = ensure_parcels(connection, workspace, [NewParcel(ref.carrier, ref.tracking_number)])
        if new.number_id in desk.numbers:
            raise NotPossibleError(
                f"{ref.tracking_number} is a number of this parcel: it cannot replace it",
                "own_number",
                number=ref.tracking_number,
            )
        if new.made:
            connection.execute(_SHIP, (desk.shipment_id, workspace, new.parcel_id))
        link = _link(desk, correction, ("replaces", desk.own, new.number_id, "replacement"))
        made = new.parcel_id if new.made else None
        return Effect(links=[link], made=made, numbers=[desk.own, new.number_id])

    return apply(database, edit, "replace", put)


def pin(database: Database, edit: Edit, carrier: str, tracking_number: str | None = None) -> Done:
    """Say which carrier a number is of; what the wrong one tells of it no longer counts.

    Args:
        database: the store.
        edit: who, of which parcel.
        carrier: slug of the right one.
        tracking_number: one of the parcel's; None: the one that it was made for.

    Raises:
        CorrectionError: as its subclasses say.
    """

    def move(desk: Desk, correction: int) -> Effect:
        number = _number(desk, tracking_number)
        if desk.names.refs[number].carrier == carrier:
            raise NotPossibleError(f"the number is of {carrier} already", "own_carrier", carrier=carrier)
        corrections = desk.corrections()
        pins = [one.effect.pin for one in corrections if one.effect.pin and one.undone_at is None]
        root = next((one.root for one in pins if number in (one.root, one.to)), number)
        made = _under(desk, root, carrier)
        decide_pins(desk.store, desk.parcel, root, [*standing_pins(corrections, root), made])
        return Effect(pin=made, numbers=around(desk.store, {root, made.to}))

    return apply(database, edit, "pin", move)


def _under(desk: Desk, root: int, carrier: str) -> Pin:
    """The number under a carrier: one that has none gets it where it stands, unless the two are known apart."""
    store, ref = desk.store, desk.names.refs[root]
    same = store.connection.execute(_SAME_NUMBER, (store.workspace, ref.tracking_number)).fetchall()
    known = {its_carrier: number for number, its_carrier in same}
    if not ref.carrier and carrier not in known:
        store.connection.execute(_NAME, (carrier, store.workspace, root))
        return Pin(root, root, named=True)
    wanted = Ref(carrier, ref.tracking_number)
    return Pin(root, ensure_numbers(store.connection, store.workspace, {wanted})[wanted])


def around(store: Store, numbers: set[int]) -> list[int]:
    """Numbers with all that are linked to them, or named them: what moving one can change."""
    linked = store.connection.execute(_LINKED, {"workspace": store.workspace, "ids": list(numbers)})
    ends = {number for pair in linked for number in pair}
    return sorted(numbers | ends | stirred(store.connection, store.workspace, numbers))


def decide_pins(store: Store, parcel: int, root: int, standing: Sequence[Pin], gone: Pin | None = None) -> None:
    """Write whose a number is: of the last one that a standing correction named.

    Args:
        store: in the transaction of the correction.
        parcel: whose number it is.
        root: the number as it was first known.
        standing: of that number, in their order.
        gone: one that was undone.
    """
    members = {root} | {one.to for one in standing}
    if gone is not None and gone.to not in members:
        store.connection.execute(_MOVE, (None, store.workspace, [gone.to]))
    last = standing[-1].to if standing else root
    store.connection.execute(_MOVE, (last, store.workspace, sorted(members)))
    refs = dict(store.connection.execute(_CARRIERS, (store.workspace, [last])).fetchall())
    store.connection.execute(_PINNED, (refs[last] if standing else None, store.workspace, parcel))


def _number(desk: Desk, tracking_number: str | None) -> int:
    if tracking_number is None:
        return desk.home
    found = [n for n in sorted(desk.numbers) if desk.names.refs[n].tracking_number == tracking_number]
    counted = [n for n in found if n not in desk.names.moved]
    if not counted:
        raise NotPossibleError(f"{tracking_number} is no number of this parcel", "no_number", number=tracking_number)
    return counted[0]


def _link(desk: Desk, correction: int, link: tuple[LinkKind, int, int, Relation]) -> int:
    evidence = f"correction {correction}"
    values = (desk.store.workspace, *link, PERSON, evidence, desk.author, desk.edit.now)
    row = desk.store.connection.execute(_LINK, values).fetchone()
    assert row is not None  # noqa: S101 - RETURNING
    return int(row[0])


def standing_pins(corrections: Sequence[Correction], root: int) -> list[Pin]:
    """The pins of a number that stand, in their order."""
    return [
        one.effect.pin
        for one in sorted(corrections, key=lambda one: one.correction_id)
        if one.effect.pin is not None and one.effect.pin.root == root and one.undone_at is None
    ]
