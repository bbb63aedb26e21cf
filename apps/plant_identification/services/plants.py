"""The plants somebody has, and the collections they are in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction

from apps.core.exceptions import DomainError, FieldError
from apps.core.idempotency import withhold_answers
from apps.core.sentences import Sentence
from apps.plant_identification import constants
from apps.plant_identification.exceptions import AccountGone, RecordNotFound, TooManyPlants
from apps.plant_identification.models import (
    Plant,
    PlantCollection,
    PlantIdentificationRequest,
)
from apps.plant_identification.services.encyclopedia.species import (
    find_current,
    find_species,
    headline_species_id,
)
from apps.plant_identification.services.undo import bring_back, last_moment, take_away

BATCH = 500
# One sentence for what is somebody else's and for what does not exist.
NO_IDENTIFICATION = Sentence("You have no such identification.")
NO_COLLECTION = Sentence("You have no such collection.")
NO_SPECIES = Sentence("There is no such species.")
NOT_ANSWERED = Sentence(
    "This photo is not identified yet. Give the plant a nickname, or try again when it is."
)
NO_NAME = Sentence("Give the plant a nickname, a scientific name or a species.")
_TEXTS = ("nickname", "notes", "location")


def create_plant(*, user: Any, facts: Mapping[str, Any]) -> Plant:
    """From scratch, or from an identification, whose species, name and photo it takes over.

    What is said besides wins over the identification: its owner knows better.

    Raises:
        DomainError: a field leads to nothing of one's own, or the plant has no name at all.
        TooManyPlants: there is no room.
    """
    plant = Plant(owner_id=user.pk, from_sandbox=settings.PROVIDER_SANDBOX)
    with transaction.atomic():
        lock_person(user)
        if identification_id := facts.get("identification"):
            _take_over(plant, user, identification_id)
        _write(plant, user, facts)
        _make_room(user)
        plant.save()
    return plant


def update_plant(*, user: Any, plant_id: UUID, facts: Mapping[str, Any]) -> Plant:
    """Change what is named in `facts`, and nothing else.

    Raises:
        RecordNotFound: there is none, or it is somebody else's.
        DomainError: a field leads to nothing of one's own, or the plant would have no name at all.
    """
    with transaction.atomic():
        plant = Plant.objects.visible_to(user).select_for_update(no_key=True).filter(pk=plant_id).first()
        if plant is None:
            raise RecordNotFound
        _write(plant, user, facts)
        plant.save()
    return plant


def delete_plant(*, user: Any, plant_id: UUID) -> datetime:
    """Until when it can be taken back.

    Raises:
        RecordNotFound: there is none, or it is somebody else's.
    """
    until = take_away(Plant.objects.visible_to(user).filter(pk=plant_id))
    withhold_answers(about=plant_id)
    return until


def restore_plant(*, user: Any, plant_id: UUID) -> None:
    """What was never deleted, or is restored already, is simply there: a lost reply may be asked for again.

    Raises:
        RecordNotFound: there is none, it is somebody else's, or the time for this is over.
        TooManyPlants: others have taken its room meanwhile.
    """
    with transaction.atomic():
        lock_person(user)
        if bring_back(Plant.objects.of(user).filter(pk=plant_id)):
            _make_room(user, including_this=True)
        elif not Plant.objects.visible_to(user).filter(pk=plant_id).exists():
            raise RecordNotFound


def purge_deleted_plants() -> int:
    """Remove for good what nobody can take back any more. Bounded; the rest comes next time."""
    ended = last_moment()
    ids = list(Plant.objects.filter(deleted_at__lte=ended).values_list("pk", flat=True)[:BATCH])
    # Again in the DELETE: one may have been restored since.
    deleted, _ = Plant.objects.filter(pk__in=ids, deleted_at__lte=ended).delete()
    return deleted


def lock_person(user: Any) -> None:
    """One after the other, so that nobody gets more than there is room for.

    Raises:
        AccountGone: it was deleted meanwhile.
    """
    people = get_user_model()._default_manager.select_for_update(no_key=True)  # noqa: SLF001 - documented API
    if not people.filter(pk=user.pk).values_list("pk", flat=True):
        raise AccountGone


def _make_room(user: Any, *, including_this: bool = False) -> None:
    """Counts those of both modes: what the sandbox hides is kept all the same."""
    kept = Plant.objects.filter(owner=user.pk, deleted_at=None).count()
    if kept - including_this >= constants.PLANTS_MAX:
        raise TooManyPlants


def _take_over(plant: Plant, user: Any, identification_id: UUID) -> None:
    mine = PlantIdentificationRequest.objects.visible_to(user).filter(pk=identification_id)
    # Locked, so that it is not removed before the plant that points to it is there.
    record = mine.select_related("answer").select_for_update(of=("self",), no_key=True).first()
    if record is None:
        raise _refusal("identification", "does_not_exist", NO_IDENTIFICATION)
    plant.identification = record
    if record.answer is not None:
        plant.scientific_name = record.answer.plant_name
        species_id = headline_species_id(record.answer.document)
        plant.species = find_current(species_id) if species_id else None


def _write(plant: Plant, user: Any, facts: Mapping[str, Any]) -> None:
    for name in _TEXTS:
        if name in facts:
            setattr(plant, name, facts[name] or "")
    if "acquired_on" in facts:
        plant.acquired_on = facts["acquired_on"]
    if "collection" in facts:
        plant.collection = _collection_of(user, facts["collection"])
    _name(plant, facts)
    if not plant.nickname and not plant.scientific_name:
        raise (
            _refusal("identification", "not_answered", NOT_ANSWERED)
            if facts.get("identification")
            else _refusal("nickname", "required", NO_NAME)
        )


def _name(plant: Plant, facts: Mapping[str, Any]) -> None:
    """A species has its name; a name has its species where we know it."""
    if "scientific_name" in facts:
        name = " ".join((facts["scientific_name"] or "").split())
        plant.species = find_species(name) if name else None
        plant.scientific_name = plant.species.canonical_name if plant.species else name
    if "species" in facts:
        plant.species = None
        if facts["species"] is not None:
            plant.species = find_current(facts["species"])
            if plant.species is None:
                raise _refusal("species", "does_not_exist", NO_SPECIES)
            plant.scientific_name = plant.species.canonical_name


def _collection_of(user: Any, collection_id: UUID | None) -> PlantCollection | None:
    if collection_id is None:
        return None
    mine = PlantCollection.objects.visible_to(user).filter(pk=collection_id)
    collection = mine.select_for_update(no_key=True).first()  # not deleted before the plant is in it
    if collection is None:
        raise _refusal("collection", "does_not_exist", NO_COLLECTION)
    return collection


def _refusal(field: str, code: str, message: Sentence) -> DomainError:
    return DomainError(message, errors=[FieldError(field, code, message)])
