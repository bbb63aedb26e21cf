"""However a record goes, what only it needed goes after it."""

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from apps.plant_identification.models import PlantIdentificationRequest
from apps.plant_identification.services.purging import note_erasure


@receiver(pre_delete, sender=PlantIdentificationRequest, dispatch_uid="plant_identification.note_erasure")
def note_erasure_of_record(instance: PlantIdentificationRequest, **_: Any) -> None:
    """Deleted accounts come this way too: the database's own cascade is not used."""
    note_erasure(digest=instance.digest, photo_digest=instance.photo_digest, options=instance.options)
