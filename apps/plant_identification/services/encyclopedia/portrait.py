"""Everything known about some species, for pages and posts that tell of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models.functions import Coalesce

from apps.plant_identification.models import (
    FactSource,
    PlantSpecies,
    SpeciesFact,
    SpeciesPicture,
    ToxicityStatement,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    field: str
    value: Any  # as the source says it
    unit: str
    source: FactSource
    stated_on: date
    is_preferred: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """That the plant harms somebody. That there is none of these says nothing at all."""

    target: str
    target_name: str
    level: str
    parts: str
    effects: str
    source: FactSource
    stated_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeciesPortrait:
    species: PlantSpecies
    facts: tuple[Fact, ...]  # by field, the preferred first
    hazards: tuple[Hazard, ...]  # by target
    pictures: tuple[SpeciesPicture, ...]


def portray_species(ids: Iterable[UUID]) -> Mapping[UUID, SpeciesPortrait]:
    """Those of the present mode among them, under the ids asked for; of a merged one, what it is part of now.

    A fixed number of queries, however many there are.
    """
    asked = PlantSpecies.objects.of_this_world().filter(pk__in=set(ids))
    current = dict(asked.values_list("pk", Coalesce("merged_into", "pk")))
    found = (
        PlantSpecies.objects.visible()
        .filter(pk__in=set(current.values()))
        .prefetch_related("facts__source", "toxicity_statements__source", "pictures__image__renditions")
    )
    portraits = {species.pk: _portray(species) for species in found}
    return {pk: portraits[now] for pk, now in current.items() if now in portraits}


def _portray(species: PlantSpecies) -> SpeciesPortrait:
    facts = sorted(species.facts.all(), key=lambda fact: (fact.field, not fact.is_preferred, fact.source.key))
    hazards = sorted(species.toxicity_statements.all(), key=lambda said: (said.target, said.source.key))
    return SpeciesPortrait(
        species=species,
        facts=tuple(_fact(each) for each in facts),
        hazards=tuple(_hazard(each) for each in hazards),
        pictures=tuple(species.pictures.all()),
    )


def _fact(fact: SpeciesFact) -> Fact:
    return Fact(
        field=fact.field,
        value=fact.value,
        unit=fact.unit,
        source=fact.source,
        stated_on=fact.stated_on,
        is_preferred=fact.is_preferred,
    )


def _hazard(said: ToxicityStatement) -> Hazard:
    return Hazard(
        target=said.target,
        target_name=said.get_target_display(),
        level=said.level,
        parts=said.parts,
        effects=said.effects,
        source=said.source,
        stated_on=said.stated_on,
    )
