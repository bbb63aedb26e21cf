"""What the editors' page of a species shows beside its form."""

from typing import Any

from django import template
from django.db.models import QuerySet

from apps.plant_identification.models import (
    PlantSpecies,
    SpeciesFact,
    SpeciesPicture,
    ToxicityStatement,
)

register = template.Library()


@register.simple_tag
def facts_of(species: PlantSpecies) -> QuerySet[SpeciesFact]:
    return species.facts.select_related("source").order_by("field", "-is_preferred", "source__key")


@register.simple_tag
def hazards_of(species: PlantSpecies) -> QuerySet[ToxicityStatement]:
    return species.toxicity_statements.select_related("source").order_by("target", "source__key")


@register.simple_tag
def pictures_of(species: PlantSpecies) -> QuerySet[SpeciesPicture]:
    return species.pictures.select_related("image").prefetch_related("image__renditions")


@register.filter
def as_words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
