"""What other apps may use of plant identification."""

from apps.plant_identification.constants import SPECIES_ANSWERS
from apps.plant_identification.models import FactSource, PlantSpecies
from apps.plant_identification.selectors import list_species
from apps.plant_identification.services.encyclopedia.portrait import (
    Fact,
    Hazard,
    SpeciesPortrait,
    portray_species,
)
from apps.plant_identification.services.encyclopedia.search import search_species

__all__ = [
    "SPECIES_ANSWERS",
    "Fact",
    "FactSource",
    "Hazard",
    "PlantSpecies",
    "SpeciesPortrait",
    "list_species",
    "portray_species",
    "search_species",
]
