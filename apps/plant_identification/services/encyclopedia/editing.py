"""What an editor writes about a species. It is marked as theirs, and nobody else changes it from then on."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.plant_identification.models import FactSource, PlantSpecies, SourceKind, SpeciesFact
from apps.plant_identification.services.encyclopedia.facts import EDITORS, join_synonyms, note_source
from apps.plant_identification.services.encyclopedia.index import index_anew
from apps.plant_identification.services.names import full_key

SINGLE = ("authorship", "family", "genus", "gbif_id", "powo_id")


@transaction.atomic
def edit_species(*, species_id: UUID, changes: Mapping[str, Any]) -> PlantSpecies:
    """`changes` holds the fields that somebody changed, and no others: identifications go on meanwhile."""
    species = PlantSpecies.objects.select_for_update(no_key=True).get(pk=species_id)
    edited = [name for name in SINGLE if name in changes]
    for name in edited:
        setattr(species, name, changes[name])
    if "synonyms" in changes:
        _write_synonyms(species, changes["synonyms"])
        edited.append("synonyms")
    if "common_names" in changes:
        edited += _write_common_names(species, changes["common_names"])
    note_source(species, edited, EDITORS)
    species.save()
    index_anew([species])
    return species


def keep_first_version(*, species_id: UUID) -> None:
    """Before anybody's first edit: how it was learned or loaded, to compare with and to go back to."""
    species = PlantSpecies.objects.get(pk=species_id)
    if species.latest_revision_id is None:
        species.save_revision()


@transaction.atomic
def add_species(*, species: PlantSpecies) -> PlantSpecies:
    """All that is filled in is the editor's."""
    note_source(species, [name for name in SINGLE if getattr(species, name)], EDITORS)
    note_source(species, [f"common_names.{language}" for language in species.common_names], EDITORS)
    if species.synonyms:
        species.synonyms = species.vouched_synonyms = join_synonyms(species, species.synonyms)
        note_source(species, ["synonyms"], EDITORS)
    species.save()
    index_anew([species])
    return species


@transaction.atomic
def save_fact(*, fact: SpeciesFact) -> SpeciesFact:
    """Of one property one fact is preferred at most: the last that an editor chose."""
    PlantSpecies.objects.select_for_update(no_key=True).get(pk=fact.species_id)
    if fact.is_preferred:
        others = SpeciesFact.objects.filter(species=fact.species_id, field=fact.field, is_preferred=True)
        others.exclude(pk=fact.pk).update(is_preferred=False)
    fact.save()
    return fact


def editors_source() -> FactSource:
    """What editors say is said by all of them; who it was stands in the history."""
    source, _ = FactSource.objects.get_or_create(
        key=EDITORS, defaults={"title": "Editors", "kind": SourceKind.EDITORS}
    )
    return source


def _write_synonyms(species: PlantSpecies, names: list[str]) -> None:
    """A name that the editor added is vouched for; one that was there stays what it was."""
    before = {full_key(name) for name in species.synonyms}
    species.synonyms = join_synonyms(species, names)
    kept = {full_key(name) for name in species.synonyms}
    added = [name for name in species.synonyms if full_key(name) not in before]
    vouched = [name for name in species.vouched_synonyms if full_key(name) in kept]
    species.vouched_synonyms = join_synonyms(species, vouched, added)


def _write_common_names(species: PlantSpecies, names: Mapping[str, list[str]]) -> list[str]:
    """Of the languages in `names` alone; an empty list takes all names of one away."""
    changed = sorted(one for one in names if species.common_names.get(one, []) != names[one])
    joined = species.common_names | {language: names[language] for language in changed}
    species.common_names = {language: listed for language, listed in joined.items() if listed}
    return [f"common_names.{language}" for language in changed]
