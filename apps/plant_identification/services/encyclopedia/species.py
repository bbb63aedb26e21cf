"""Candidates of an answer and the species we keep."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Coalesce

from apps.plant_identification.models import PlantSpecies, SpeciesName
from apps.plant_identification.services.encyclopedia.spelling import fold
from apps.plant_identification.services.names import binomial, canonical_name


def link_species(document: dict[str, Any]) -> Mapping[str, UUID]:
    """Write `species_id` into the candidates that are species; scientific name -> id.

    A name that is vouched to be another one's synonym leads there, and one that is so of several leads
    nowhere. Other species that we do not have yet are added. Those the sandbox names are kept apart: what it
    says must never be met beside the real services.
    """
    candidates = _species_of(document)
    known = _ids_of(candidates)
    if missing := candidates.keys() - known.keys():
        meant = _meant_by(missing)
        # In one order everywhere: two answers that add the same species must not wait for each other.
        new = [_new_species(name, candidates[name]) for name in sorted(missing - meant.keys())]
        if new:
            PlantSpecies.objects.bulk_create(new, ignore_conflicts=True)
            known = _ids_of(candidates)
        known |= {name: next(iter(ids)) for name, ids in meant.items() if len(ids) == 1}
    linked = {}
    for name, pk in known.items():
        candidates[name]["species_id"] = str(pk)
        linked[candidates[name]["scientific_name"]] = pk
    return linked


def _species_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Canonical name -> candidate. What is no Latin binomial may be answered, but is no entry of a flora."""
    return {
        canonical_name(suggestion["scientific_name"]): suggestion
        for suggestion in document["suggestions"]
        if suggestion["rank"] == "species" and binomial(suggestion["scientific_name"])
    }


def _ids_of(names: Iterable[str]) -> dict[str, UUID]:
    found = PlantSpecies.objects.of_this_world().filter(canonical_name__in=set(names))
    return dict(found.values_list("canonical_name", Coalesce("merged_into", "pk")))


def _meant_by(names: Iterable[str]) -> dict[str, set[UUID]]:
    """The species whose vouched synonyms these are, with spellings that fold alike taken for one."""
    folded = {name: fold(name) for name in names}
    vouched = SpeciesName.objects.filter(
        from_sandbox=settings.PROVIDER_SANDBOX, is_vouched=True, folded__in=set(folded.values())
    )
    meant: dict[str, set[UUID]] = defaultdict(set)
    for text, species_id in vouched.values_list("folded", "species_id"):
        meant[text].add(species_id)
    return {name: meant[text] for name, text in folded.items() if text in meant}


def _new_species(name: str, suggestion: Mapping[str, Any]) -> PlantSpecies:
    return PlantSpecies(
        canonical_name=name, genus=suggestion["genus"] or "", from_sandbox=settings.PROVIDER_SANDBOX
    )


def find_species(name: str) -> PlantSpecies | None:
    """By its scientific name or a vouched synonym, however it is spelled."""
    spelled = canonical_name(name)
    ids = set(_ids_of([spelled]).values()) or _meant_by([spelled]).get(spelled, set())
    return PlantSpecies.objects.visible().filter(pk__in=ids).first() if len(ids) == 1 else None


def find_current(species_id: UUID | str) -> PlantSpecies | None:
    """The one with this id, or the one it was merged into."""
    found = PlantSpecies.objects.of_this_world().select_related("merged_into").filter(pk=species_id).first()
    return found and (found.merged_into or found)


def headline_species_id(document: Mapping[str, Any]) -> str | None:
    """Null where the headline is no species, or one we do not know."""
    if document["rank"] != "species":
        return None
    name = document["scientific_name"]
    named = (each["species_id"] for each in document["suggestions"] if each["scientific_name"] == name)
    return next(named, None)


def count_identification(document: Mapping[str, Any]) -> None:
    """The headline's species was identified once more."""
    if headline := headline_species_id(document):
        PlantSpecies.objects.filter(pk=headline).update(identification_count=F("identification_count") + 1)
