"""The constants of the fold: how near, how long, which rows count as what. `docs/fold.md` gives the reasons."""

from types import MappingProxyType

from everyleg.core.vocabulary import STATUSES

PERSON = "person"
"""The source of corrections by people; they win over others for what they state."""

_CONSOLIDATIONS = ("mawb:", "flight:", "container:", "bag:", "batch:")


def of_consolidation(source: str) -> bool:
    """Whether a statement is a fact about a flight, an air waybill, a container, a bag or a batch that the parcel was
    inside (`mawb:784-12345675/…`): it moves the parcel, but shows nobody's hand on it.
    """
    return ":" in source and source.startswith(_CONSOLIDATIONS)


SAME_EVENT_S = 30 * 60
"""Two sources tell one event when their times are this near (or their uncertainties overlap)."""

REUSED_AFTER_S = 60 * 86_400
"""A fresh start this long after the last movement of a finished parcel is another parcel under a reused number. The
shortest reuse that carriers allow themselves is some three months; a buyer's return starts within weeks."""

FORGOTTEN_AFTER_S = 180 * 86_400
"""The same without a known end: longer than the slowest sea freight with a customs hold."""

EXPIRED_AFTER_S = 30 * 86_400
"""运输过久: no word for this long, the threshold that aggregators use."""

DELIVERED = frozenset(s.sub_status for s in STATUSES.values() if s.milestone == "delivered")

ENDS = DELIVERED | {"returned", "cancelled", "lost", "destroyed", "import_customs_seized"}
"""Rows after which a number can start another life."""

UNDOES_DELIVERY = frozenset({"returning", "returned", "refused", "refused_at_delivery", "damaged", "lost", "destroyed"})
"""Later rows against which *delivered* does not stand: return, refused, damaged, disputed."""

ROUND = frozenset({"out_for_delivery", "available_for_pickup", "delivery_failed", "delivered"})
"""Milestones of the delivery round: whoever tells them speaks for the last mile."""

ORIGIN_STAGES = frozenset({"first_mile", "export_customs"})

UPSTREAM_STAGES = frozenset({"first_mile", "export_customs", "line_haul", "import_customs"})

RELEASES = frozenset({"handed_to_last_mile", "handed_to_other_carrier"})
"""Rows by which a carrier says that it let go."""

EXPORT_OF = MappingProxyType(
    {
        "customs_processing": "export_customs_processing",
        "customs_inspection": "export_customs_inspection",
        "customs_documents_required": "export_documents_required",
        "customs_held": "export_customs_held",
        "customs_released": "export_customs_released",
        "customs_rejected": "export_customs_rejected",
    }
)
"""Customs rows without a side, before the border."""

IMPORT_OF = MappingProxyType({neutral: sided.replace("export_", "import_", 1) for neutral, sided in EXPORT_OF.items()})
"""Customs rows without a side, behind the border."""

FACILITY = MappingProxyType(
    {
        "arrived_facility": {
            "origin": "origin_sorting",
            "transit": "transit_hub_arrived",
            "destination": "destination_sorting",
        },
        "departed_facility": {
            "origin": "departed_origin_sorting",
            "transit": "transit_hub_departed",
            "destination": "departed_destination_sorting",
        },
    }
)
"""Facility rows without a stage, by where they are."""

NEUTRAL = frozenset(EXPORT_OF) | frozenset(FACILITY)

TERRITORIES = MappingProxyType(
    {"PR": "US", "VI": "US", "GU": "US", "AS": "US", "MP": "US"}
    | dict.fromkeys(("GP", "MQ", "GF", "RE", "YT", "MC", "PM", "BL", "MF"), "FR")
    | {"GG": "GB", "JE": "GB", "IM": "GB", "SJ": "NO", "AX": "FI", "VA": "IT", "SM": "IT"}
)
"""Codes of their own that one domestic post serves: delivered in Puerto Rico is delivered in the US."""
