"""One module per aggregate; this is the list Django reads."""

from apps.plant_identification.models.answers import IdentificationAnswer, PlantIdentificationResult
from apps.plant_identification.models.care_texts import CareModelMonth, CareTextState, GeneratedCare
from apps.plant_identification.models.erasures import PhotoErasure, UnwantedCopy
from apps.plant_identification.models.experiments import Experiment, ExperimentStatus
from apps.plant_identification.models.feedback import IdentificationFeedback
from apps.plant_identification.models.lookups import LookupState, TrefleLookup
from apps.plant_identification.models.photos import PhotoSet
from apps.plant_identification.models.plants import Plant, PlantCollection
from apps.plant_identification.models.quota import QuotaReservation, QuotaShare, QuotaWindow
from apps.plant_identification.models.requests import ExperimentGroup, PlantIdentificationRequest
from apps.plant_identification.models.similar_photos import PhotoFingerprint
from apps.plant_identification.models.species import PlantSpecies
from apps.plant_identification.models.species_facts import (
    FactSource,
    SourceKind,
    SpeciesFact,
    SpeciesPicture,
    ToxicityStatement,
    ToxicityTarget,
)
from apps.plant_identification.models.species_names import (
    NameKind,
    SpeciesName,
    SpeciesWord,
    SpellingKey,
)

__all__ = [
    "CareModelMonth",
    "CareTextState",
    "Experiment",
    "ExperimentGroup",
    "ExperimentStatus",
    "FactSource",
    "GeneratedCare",
    "IdentificationAnswer",
    "IdentificationFeedback",
    "LookupState",
    "NameKind",
    "PhotoErasure",
    "PhotoFingerprint",
    "PhotoSet",
    "Plant",
    "PlantCollection",
    "PlantIdentificationRequest",
    "PlantIdentificationResult",
    "PlantSpecies",
    "QuotaReservation",
    "QuotaShare",
    "QuotaWindow",
    "SourceKind",
    "SpeciesFact",
    "SpeciesName",
    "SpeciesPicture",
    "SpeciesWord",
    "SpellingKey",
    "ToxicityStatement",
    "ToxicityTarget",
    "TrefleLookup",
    "UnwantedCopy",
]
