"""What people say of their identifications."""

from uuid import UUID

from django.db import transaction

from apps.plant_identification.exceptions import NothingToJudge, RecordNotFound
from apps.plant_identification.models import IdentificationFeedback, PlantIdentificationRequest, PlantSpecies
from apps.plant_identification.services.encyclopedia.species import find_species
from apps.plant_identification.services.records import User
from apps.plant_identification.types import Verdict


def give_feedback(
    *, user: User, request_id: UUID, verdict: Verdict, scientific_name: str = "", comment: str = ""
) -> IdentificationFeedback:
    """Say it, or say something else than before. A name we know is linked to its species.

    Raises:
        RecordNotFound: there is no such record, or it is somebody else's.
        NothingToJudge: it has no answer yet.
    """
    species = _species_named(scientific_name)
    with transaction.atomic():
        # Locked: two at once write one after the other, and none is written to a deleted record.
        visible = PlantIdentificationRequest.objects.visible_to(user).filter(pk=request_id)
        record = visible.select_for_update().first()
        if record is None:
            raise RecordNotFound
        if record.answer_id is None:
            raise NothingToJudge
        feedback, _ = IdentificationFeedback.objects.update_or_create(
            request=record,
            defaults={
                "verdict": verdict,
                "scientific_name": species.canonical_name if species else scientific_name,
                "species": species,
                "comment": comment,
            },
        )
    return feedback


def _species_named(name: str) -> PlantSpecies | None:
    """People write `rosa canina L.` and `ROSA CANINA` as well."""
    spellings = dict.fromkeys((name, name[:1].upper() + name[1:], name.capitalize()))
    return next((species for spelling in spellings if (species := find_species(spelling))), None)


def withdraw_feedback(*, user: User, request_id: UUID) -> None:
    """
    Raises:
        RecordNotFound: there is none.
    """
    visible = PlantIdentificationRequest.objects.visible_to(user).filter(pk=request_id)
    deleted, _ = IdentificationFeedback.objects.filter(request__in=visible).delete()
    if not deleted:
        raise RecordNotFound
