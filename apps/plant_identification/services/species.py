"""Candidates of an answer and the species we keep."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F

from apps.plant_identification.models import PlantSpecies
from apps.plant_identification.services.names import canonical_name


def link_species(document: dict[str, Any]) -> Mapping[str, UUID]:
    """Write `species_id` into the candidates that are species we know; scientific name -> id.

    Species that the real services name and we do not have yet are added with the names they gave. The
    sandbox adds none: what it says must never be met beside the real services.
    """
    candidates = {
        canonical_name(suggestion["scientific_name"]): suggestion
        for suggestion in document["suggestions"]
        if suggestion["rank"] == "species"
    }
    if not settings.PROVIDER_SANDBOX:
        # In one order everywhere: two answers that add the same species must not wait for each other.
        PlantSpecies.objects.bulk_create(
            (_new_species(name, candidates[name]) for name in sorted(candidates)), ignore_conflicts=True
        )
    known = dict(
        PlantSpecies.objects.filter(canonical_name__in=candidates).values_list("canonical_name", "pk")
    )
    linked = {}
    for name, pk in known.items():
        candidates[name]["species_id"] = str(pk)
        linked[candidates[name]["scientific_name"]] = pk
    return linked


def _new_species(name: str, suggestion: Mapping[str, Any]) -> PlantSpecies:
    return PlantSpecies(
        canonical_name=name,
        authorship=suggestion["authorship"] or "",
        family=suggestion["family"] or "",
        genus=suggestion["genus"] or "",
        gbif_id=suggestion["gbif_id"],
    )


def count_identification(document: Mapping[str, Any]) -> None:
    """The headline's species was identified once more."""
    headline = document["suggestions"][0]["species_id"] if document["suggestions"] else None
    if settings.PROVIDER_SANDBOX:  # made-up answers do not make a species popular
        return
    if headline and document["rank"] == "species":
        PlantSpecies.objects.filter(pk=headline).update(identification_count=F("identification_count") + 1)
