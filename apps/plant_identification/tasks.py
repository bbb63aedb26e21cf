"""What the workers do for identification. Each task is safe to run twice.

The workers' threads know no time limits of Celery's; every outside call in here has a deadline of its own.
"""

import logging
from uuid import UUID

from celery import shared_task

from apps.plant_identification.models import IdentificationAnswer
from apps.plant_identification.services.cleaning import remove_what_nobody_needs
from apps.plant_identification.services.combined_identification_service import COMPLETE_ANSWER, get_service
from apps.plant_identification.services.completion import complete_answer
from apps.plant_identification.services.encyclopedia.care_texts import WRITE_CARE_TEXT, write_care_text
from apps.plant_identification.services.encyclopedia.enrichment import (
    ENRICH_SPECIES,
    enrich_due_species,
    enrich_species,
)
from apps.plant_identification.services.paid_copies import delete_unwanted_copies
from apps.plant_identification.services.plants import purge_deleted_plants
from apps.plant_identification.services.purging import erase_photos, purge_deleted_records
from apps.plant_identification.services.queue import (
    answer_queued_request,
    claim_due_request,
    put_back_after_crash,
)
from apps.plant_identification.services.reconciliation import check_quotas, correct_quotas
from apps.plant_identification.services.registry import registry

logger = logging.getLogger(__name__)

QUEUED_PER_RUN = 20


@shared_task(name=COMPLETE_ANSWER)
def complete_answer_task(answer_id: str) -> None:
    answer = IdentificationAnswer.objects.filter(pk=answer_id).first()
    if answer is not None:  # deleted with its last record
        complete_answer(registry(), answer)


@shared_task(name="plant_identification.answer_queued")
def answer_queued() -> int:
    """Answer what waits in the queue, one after the other; one that cannot be answered holds up no other."""
    answered = 0
    for _ in range(QUEUED_PER_RUN):
        record = claim_due_request()
        if record is None:
            break
        try:
            answered += answer_queued_request(get_service(), record)
        except Exception:
            logger.exception("queued_identification_broke", extra={"event": "queued_identification_broke"})
            put_back_after_crash(record)
    return answered


@shared_task(name="plant_identification.correct_quotas")
def correct_quotas_task() -> None:
    """Ask the services what is left, and make the ledger agree. Free of charge."""
    correct_quotas(registry())


@shared_task(name="plant_identification.check_quotas")
def check_quotas_task() -> None:
    check_quotas(registry())


@shared_task(name="plant_identification.purge_deleted")
def purge_deleted_task() -> None:
    """Remove what was deleted and cannot be taken back any more, here and at the services."""
    purge_deleted_records()
    purge_deleted_plants()
    erase_photos(registry())
    delete_unwanted_copies(registry())


@shared_task(name="plant_identification.remove_what_nobody_needs")
def remove_what_nobody_needs_task() -> None:
    remove_what_nobody_needs()


@shared_task(name=ENRICH_SPECIES)
def enrich_species_task(species_id: str, is_wanted: bool = False) -> str:  # noqa: FBT001, FBT002 - from a message
    return enrich_species(species_id=UUID(species_id), is_wanted=is_wanted)


@shared_task(name="plant_identification.enrich_due_species")
def enrich_due_species_task() -> int:
    """Ask Trefle about species that are due, the most identified first. Nothing happens without a key."""
    return enrich_due_species()


@shared_task(name=WRITE_CARE_TEXT)
def write_care_text_task(species_id: str, language: str) -> str:
    return write_care_text(species_id=UUID(species_id), language=language)
