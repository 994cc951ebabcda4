"""Whose data is meant: what can be found of a person by an address, an order or a tracking number."""

from typing import Any

from msgspec import Struct
from psycopg import Connection

from everyleg.accounts import addresses
from everyleg.store.sealing import Keyring, about_column


class Whom(Struct, frozen=True):
    """One of these: a person's address, the reference of an order, a parcel's tracking number."""

    email: str | None = None
    order: str | None = None
    parcel: str | None = None


class Found(Struct, frozen=True):
    """What is about a person: ids within the workspace."""

    shipment_ids: list[int] = []
    parcel_ids: list[int] = []
    person_ids: list[int] = []
    """Accounts of staff."""
    invitation_ids: list[int] = []

    def __bool__(self) -> bool:
        return bool(self.shipment_ids or self.parcel_ids or self.person_ids or self.invitation_ids)


_SHIPMENTS = {
    "email": "SELECT shipment_id FROM shipments WHERE workspace_id = %s AND buyer_email_digest = %s",
    "order": "SELECT shipment_id FROM shipments WHERE workspace_id = %s AND order_reference = %s",
}

_OF_NUMBER = """
WITH named AS (SELECT workspace_id, number_id FROM numbers WHERE workspace_id = %s AND tracking_number = %s)
SELECT parcel_id FROM legs JOIN named USING (workspace_id, number_id)
UNION SELECT parcel_id FROM parcels JOIN named USING (workspace_id, number_id)
"""

_OF_SHIPMENTS = "SELECT parcel_id FROM parcels WHERE workspace_id = %s AND shipment_id = ANY(%s)"

_SHIPMENTS_OF = """
SELECT DISTINCT shipment_id FROM parcels WHERE workspace_id = %s AND parcel_id = ANY(%s) AND shipment_id IS NOT NULL
"""


def find(worker: Connection[Any], keys: Keyring, workspace: int, whom: Whom) -> Found:
    """What is about a person. A parcel brings its shipment, and a shipment all its parcels."""
    parcels: list[int] = []
    if whom.email is not None:
        shipments = _ids(worker, _SHIPMENTS["email"], workspace, addresses.digest(keys, whom.email))
    elif whom.order is not None:
        shipments = _ids(worker, _SHIPMENTS["order"], workspace, whom.order)
    else:
        parcels = _ids(worker, _OF_NUMBER, workspace, whom.parcel)
        shipments = _ids(worker, _SHIPMENTS_OF, workspace, parcels)
    parcels = sorted({*parcels, *_ids(worker, _OF_SHIPMENTS, workspace, shipments)})
    if whom.email is None:
        return Found(shipments, parcels)
    people = "SELECT person_id FROM people WHERE workspace_id = %s AND email_hash = %s"
    person_ids = _ids(worker, people, workspace, addresses.digest(keys, whom.email))
    return Found(shipments, parcels, person_ids, _invitations(worker, keys, workspace, whom.email))


def _ids(worker: Connection[Any], query: str, workspace: int, value: Any) -> list[int]:
    return sorted(row[0] for row in worker.execute(query, (workspace, value)))


def _invitations(worker: Connection[Any], keys: Keyring, workspace: int, address: str) -> list[int]:
    """Few wait at a time: each is opened."""
    rows = worker.execute(
        "SELECT invitation_id, email FROM invitations WHERE workspace_id = %s AND email IS NOT NULL", (workspace,)
    )
    about, wanted = about_column(workspace, "invitations.email"), addresses.fold(address)
    return [row[0] for row in rows if addresses.fold(keys.open_text(row[1], about) or "") == wanted]
