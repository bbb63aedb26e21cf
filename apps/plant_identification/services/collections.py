"""Names under which people group their plants."""

import unicodedata
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.core.exceptions import DomainError, FieldError
from apps.core.idempotency import withhold_answers
from apps.core.sentences import Sentence
from apps.plant_identification import constants
from apps.plant_identification.exceptions import RecordNotFound, TooManyCollections
from apps.plant_identification.models import PlantCollection
from apps.plant_identification.models.plants import COLLECTION_NAME_CHARS
from apps.plant_identification.services.plants import lock_person

NAME_TAKEN = Sentence("You have a collection of this name. Choose another one.")
_FOLDED_CHARS = 3 * COLLECTION_NAME_CHARS


def create_collection(*, user: Any, name: str) -> PlantCollection:
    """
    Raises:
        DomainError: one has a collection of this name, however it is capitalised.
        TooManyCollections: there is no room.
    """
    with transaction.atomic():
        lock_person(user)
        if PlantCollection.objects.filter(owner=user.pk).count() >= constants.COLLECTIONS_MAX:
            raise TooManyCollections
        return _save(PlantCollection(owner_id=user.pk), name)


def rename_collection(*, user: Any, collection_id: UUID, name: str) -> None:
    """
    Raises:
        RecordNotFound: there is none, or it is somebody else's.
        DomainError: one has another collection of this name.
    """
    with transaction.atomic():
        mine = PlantCollection.objects.visible_to(user).filter(pk=collection_id)
        collection = mine.select_for_update(no_key=True).first()
        if collection is None:
            raise RecordNotFound
        _save(collection, name)


def delete_collection(*, user: Any, collection_id: UUID) -> None:
    """Its plants stay.

    Raises:
        RecordNotFound: there is none, or it is somebody else's.
    """
    deleted, _ = PlantCollection.objects.visible_to(user).filter(pk=collection_id).delete()
    if not deleted:
        raise RecordNotFound
    withhold_answers(about=collection_id)


def _save(collection: PlantCollection, name: str) -> PlantCollection:
    collection.name = " ".join(unicodedata.normalize("NFC", name).split())
    collection.folded_name = unicodedata.normalize("NFKC", collection.name).casefold()[:_FOLDED_CHARS]
    try:
        with transaction.atomic():
            collection.save()
    except IntegrityError:
        taken = PlantCollection.objects.filter(
            owner=collection.owner_id, folded_name=collection.folded_name
        ).exclude(pk=collection.pk)
        if not taken.exists():
            raise
        raise DomainError(NAME_TAKEN, errors=[FieldError("name", "taken", NAME_TAKEN)]) from None
    return collection
