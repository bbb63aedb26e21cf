"""One module per aggregate; this is the list Django reads."""

from apps.plant_identification.models.answers import IdentificationAnswer, PlantIdentificationResult
from apps.plant_identification.models.photos import PhotoSet
from apps.plant_identification.models.quota import QuotaReservation, QuotaShare, QuotaWindow
from apps.plant_identification.models.requests import ExperimentGroup, PlantIdentificationRequest
from apps.plant_identification.models.species import PlantSpecies

__all__ = [
    "ExperimentGroup",
    "IdentificationAnswer",
    "PhotoSet",
    "PlantIdentificationRequest",
    "PlantIdentificationResult",
    "PlantSpecies",
    "QuotaReservation",
    "QuotaShare",
    "QuotaWindow",
]
