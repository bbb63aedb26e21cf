"""Accepted photos that no provider could answer when they came."""

import logging
from datetime import UTC, datetime, timedelta

import msgspec
from django.db import transaction

from apps.core.exceptions import DomainError
from apps.core.resilience.clock import Deadline
from apps.plant_identification import constants
from apps.plant_identification.exceptions import IdentificationBusy, IdentificationUnavailable
from apps.plant_identification.models import PlantIdentificationRequest
from apps.plant_identification.services.combined_identification_service import (
    CombinedPlantIdentificationService,
)
from apps.plant_identification.services.photos import read_photos
from apps.plant_identification.services.quota import ANONYMOUS
from apps.plant_identification.types import AnswerStatus, Options, Question

logger = logging.getLogger(__name__)

BATCH_SIZE = 10
CLAIM_S = 120  # a claimed record whose worker died is claimed again after this
RETRY_BASE_S, RETRY_MAX_S = 10, 300


def claim_due_requests(limit: int = BATCH_SIZE) -> list[PlantIdentificationRequest]:
    """Oldest first; what one worker claims no other gets."""
    now = datetime.now(UTC)
    with transaction.atomic():
        due = PlantIdentificationRequest.objects.filter(
            status=AnswerStatus.QUEUED, next_attempt_at__lte=now
        ).order_by("next_attempt_at")
        claimed = list(due.select_for_update(skip_locked=True, of=("self",)).select_related("photos")[:limit])
        PlantIdentificationRequest.objects.filter(pk__in=[record.pk for record in claimed]).update(
            next_attempt_at=now + timedelta(seconds=CLAIM_S)
        )
    return claimed


def answer_queued_request(
    service: CombinedPlantIdentificationService, record: PlantIdentificationRequest
) -> bool:
    """Try once; False where the record stays queued, to be tried again later and later."""
    if record.photos is None:
        return False
    options = msgspec.convert(record.options, Options)
    question = Question(digest=record.digest, photos=read_photos(record.photos), options=options)
    principal = f"user-{record.owner_id}" if record.owner_id else ANONYMOUS
    try:
        kept = service.answer_shared(question, principal, Deadline.after(constants.IDENTIFY_DEADLINE_S))
    except (IdentificationUnavailable, IdentificationBusy) as failure:
        _put_back(record, failure)
        return False
    PlantIdentificationRequest.objects.filter(pk=record.pk, status=AnswerStatus.QUEUED).update(
        answer_id=kept.answer_id, status=kept.document["status"], next_attempt_at=None
    )
    return True


def _put_back(record: PlantIdentificationRequest, failure: DomainError) -> None:
    wait_s = min(RETRY_MAX_S, max(failure.retry_after_s or 0, RETRY_BASE_S * 2 ** min(record.attempts, 5)))
    PlantIdentificationRequest.objects.filter(pk=record.pk).update(
        attempts=record.attempts + 1, next_attempt_at=datetime.now(UTC) + timedelta(seconds=wait_s)
    )
    logger.info(
        "identification_stays_queued",
        extra={"event": "identification_stays_queued", "attempts": record.attempts + 1, "wait_s": wait_s},
    )
