"""From a parcel one gets to the page on which each carrier shows it."""

import re

from everyleg.pipeline.parcels import NewParcel, ensure_parcels


def test_each_number_leads_to_its_carriers_own_page(owner, database, workspace):
    with database.transaction(workspace) as app:
        (parcel,) = ensure_parcels(app, workspace, [NewParcel("usps", "9400110200881000000123")])
    page = owner.get(f"/parcels/{parcel.parcel_id}").text
    links = re.findall(r'<a class="ev-sub" href="([^"]+)" target="_blank" rel="noopener noreferrer">USPS</a>', page)
    assert links == ["https://tools.usps.com/go/TrackConfirmAction?tLabels=9400110200881000000123"]


def test_a_number_without_a_known_carrier_leads_nowhere(owner, database, workspace):
    with database.transaction(workspace) as app:
        (parcel,) = ensure_parcels(app, workspace, [NewParcel("nobody-knows", "ZZ99887766")])
    page = owner.get(f"/parcels/{parcel.parcel_id}").text
    assert "ZZ99887766" in page and 'target="_blank"' not in page
