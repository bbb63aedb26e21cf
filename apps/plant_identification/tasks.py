"""What the workers do for identification. Each task is safe to run twice."""

import logging

from celery import shared_task

from apps.plant_identification.models import IdentificationAnswer
from apps.plant_identification.services.answers import complete_answer
from apps.plant_identification.services.combined_identification_service import COMPLETE_ANSWER, get_service
from apps.plant_identification.services.queue import answer_queued_request, claim_due_requests
from apps.plant_identification.services.reconciliation import check_quotas, correct_quotas
from apps.plant_identification.services.registry import registry

logger = logging.getLogger(__name__)


@shared_task(name=COMPLETE_ANSWER, soft_time_limit=30)
def complete_answer_task(answer_id: str) -> None:
    answer = IdentificationAnswer.objects.filter(pk=answer_id).first()
    if answer is not None:  # deleted with its last record
        complete_answer(registry(), answer)


@shared_task(name="plant_identification.answer_queued", soft_time_limit=600)
def answer_queued() -> int:
    """Answer what waits in the queue."""
    answered = 0
    service = get_service()
    for record in claim_due_requests():
        answered += answer_queued_request(service, record)
    return answered


@shared_task(name="plant_identification.correct_quotas", soft_time_limit=120)
def correct_quotas_task() -> None:
    """Ask the services what is left, and make the ledger agree. Free of charge."""
    correct_quotas(registry())


@shared_task(name="plant_identification.check_quotas", soft_time_limit=60)
def check_quotas_task() -> None:
    check_quotas(registry())
