"""What other apps may use of plant identification."""

from apps.plant_identification.models import PlantSpecies
from apps.plant_identification.services.encyclopedia.portrait import (
    Fact,
    Hazard,
    SpeciesPortrait,
    portray_species,
)

__all__ = ["Fact", "Hazard", "PlantSpecies", "SpeciesPortrait", "portray_species"]
