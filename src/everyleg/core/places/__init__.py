"""Places: what a source says of one, tidied (`place`), its country (`country_of`) and its clock (`zone_of`)."""

from everyleg.core.places.countries import country_of
from everyleg.core.places.tidy import place
from everyleg.core.places.zoning import zone_of
from everyleg.core.time.zones import zones_of

__all__ = ["country_of", "place", "zone_of", "zones_of"]
