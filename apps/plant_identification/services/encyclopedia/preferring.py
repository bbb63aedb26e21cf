"""Editors judge where sources differ. What they do not go by stays, and stays visible."""

from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Count, QuerySet

from apps.core.audit import auditing
from apps.core.kept_answers import forget_answers
from apps.plant_identification import constants
from apps.plant_identification.exceptions import RecordNotFound
from apps.plant_identification.models import PlantSpecies, SpeciesFact
from apps.plant_identification.services.encyclopedia.conflicts import Conflict, find_conflicts
from apps.plant_identification.services.encyclopedia.properties import Property

PREFER_SOURCE = "encyclopedia.prefer_source"


def list_species_with_several_sources() -> QuerySet[PlantSpecies]:
    """Where sources can differ at all, the most identified first."""
    species = PlantSpecies.objects.visible().annotate(source_count=Count("facts__source", distinct=True))
    return species.filter(source_count__gte=2).order_by("-identification_count", "canonical_name", "pk")


def find_conflicts_of(species: list[PlantSpecies]) -> list[tuple[PlantSpecies, tuple[Conflict, ...]]]:
    """Those of them on which sources differ. One query."""
    facts: dict[UUID, list[SpeciesFact]] = {one.pk: [] for one in species}
    for fact in SpeciesFact.objects.filter(species__in=species).select_related("source"):
        facts[fact.species_id].append(fact)
    found = ((one, find_conflicts(facts[one.pk])) for one in species)
    return [(one, conflicts) for one, conflicts in found if conflicts]


def prefer_source(
    *, species_id: UUID, known: Property, source_key: str | None, actor: AbstractBaseUser, note: str
) -> None:
    """From now on we go by what this source says of the property; None takes the choice back.

    Raises:
        RecordNotFound: there is no such species here, or the source says nothing about it.
    """
    target = f"species:{species_id}:{known.key}"
    with auditing(actor=actor, action=PREFER_SOURCE, target=target, reason=note) as entry:
        # Two editors at once: the second waits, and has the last word.
        locked = PlantSpecies.objects.visible().select_for_update(no_key=True).filter(pk=species_id)
        if not locked.exists():
            raise RecordNotFound
        facts = SpeciesFact.objects.filter(species_id=species_id, field__in=known.fields)
        before = facts.filter(is_preferred=True)
        entry.before = {"source": before.values_list("source__key", flat=True).first()}
        before.update(is_preferred=False)
        if source_key is not None and not facts.filter(source__key=source_key).update(is_preferred=True):
            raise RecordNotFound
        entry.after = {"source": source_key}
        forget_answers(constants.SPECIES_ANSWERS)
