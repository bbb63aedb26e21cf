"""Those of the optional services that have a key."""

from apps.plant_identification.services.encyclopedia.trefle import NAME as TREFLE
from apps.plant_identification.services.encyclopedia.trefle import trefle
from apps.plant_identification.services.side_service import SideService

SIDE_SERVICES = (TREFLE,)
"""By name; without a key a service is not there at all."""


def side_services() -> tuple[SideService, ...]:
    known = trefle()
    return (known.side,) if known else ()
