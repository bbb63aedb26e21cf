"""However a record goes, what only it needed goes after it. What tells of changes hears of them at once."""

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver
from django.http import HttpRequest

from apps.core.fleet.events import event_noted
from apps.core.fleet.live import tell_group
from apps.core.kept_answers import forget_answers
from apps.plant_identification import constants
from apps.plant_identification.models import (
    FactSource,
    PlantIdentificationRequest,
    PlantSpecies,
    SpeciesFact,
    SpeciesPicture,
    ToxicityStatement,
)
from apps.plant_identification.services.encyclopedia.hazards import HAZARDS
from apps.plant_identification.services.operators import GROUP, is_operator, session_digest
from apps.plant_identification.services.purging import note_erasure


@receiver(pre_delete, sender=PlantIdentificationRequest, dispatch_uid="plant_identification.note_erasure")
def note_erasure_of_record(instance: PlantIdentificationRequest, **_: Any) -> None:
    """Deleted accounts come this way too: the database's own cascade is not used."""
    note_erasure(digest=instance.digest, photo_digest=instance.photo_digest, options=instance.options)


def forget_species_answers(**_: Any) -> None:
    """What services teach, loaders load and editors merge comes past this, and says so itself."""
    forget_answers(constants.SPECIES_ANSWERS)


for told in (PlantSpecies, SpeciesFact, ToxicityStatement, SpeciesPicture, FactSource):
    uid = f"plant_identification.forget_{told.__name__}"
    receiver((post_save, post_delete), sender=told, dispatch_uid=uid)(forget_species_answers)


@receiver(
    (post_save, post_delete), sender=ToxicityStatement, dispatch_uid="plant_identification.forget_hazards"
)
@receiver(post_save, sender=FactSource, dispatch_uid="plant_identification.forget_hazards_of_source")
def forget_hazards(**_: Any) -> None:
    """Other processes hear of it when they look again, within a minute."""
    transaction.on_commit(HAZARDS.forget)


@receiver(event_noted, dispatch_uid="plant_identification.tell_operators")
def tell_operators(**_: Any) -> None:
    tell_group(GROUP, {"type": "changed"})


@receiver(user_logged_out, dispatch_uid="plant_identification.end_live_pages")
def end_live_pages(request: HttpRequest, user: Any, **_: Any) -> None:
    """At once, and not only when each looks again whether its session is still good."""
    key = getattr(getattr(request, "session", None), "session_key", None)
    if key and user is not None and is_operator(user):
        tell_group(GROUP, {"type": "signed_out", "session": session_digest(key)})
