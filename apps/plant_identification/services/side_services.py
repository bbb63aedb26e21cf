"""Those of the optional services that have a key."""

from apps.plant_identification.services.encyclopedia.care_model import NAME as CARE_MODEL
from apps.plant_identification.services.encyclopedia.care_model import care_model
from apps.plant_identification.services.encyclopedia.trefle import NAME as TREFLE
from apps.plant_identification.services.encyclopedia.trefle import trefle
from apps.plant_identification.services.side_service import SideService

SIDE_SERVICES = (TREFLE, CARE_MODEL)
"""By name; without a key a service is not there at all."""


def side_services() -> tuple[SideService, ...]:
    known = (trefle(), care_model())
    return tuple(service.side for service in known if service is not None)
