"""Accepted photos that no provider could answer when they came."""

import logging
from datetime import UTC, datetime, timedelta

import msgspec
from django.db import transaction

from apps.core.languages import writing_in
from apps.core.resilience.clock import Deadline
from apps.core.sentences import Sentence, Words
from apps.plant_identification import constants
from apps.plant_identification.exceptions import IdentificationBusy, IdentificationUnavailable
from apps.plant_identification.models import PlantIdentificationRequest
from apps.plant_identification.services.answers import KeptAnswer, save_final_document
from apps.plant_identification.services.combined_identification_service import (
    CombinedPlantIdentificationService,
)
from apps.plant_identification.services.photos import PhotoNotAccepted, read_photos
from apps.plant_identification.services.quota import ANONYMOUS
from apps.plant_identification.services.records import empty_document
from apps.plant_identification.types import AnswerStatus, Options, Question

logger = logging.getLogger(__name__)

CLAIM_S = 120  # longer than one attempt; a record whose worker died is claimed again after this
RETRY_BASE_S, RETRY_MAX_S = 10, 300
GIVE_UP_AFTER = timedelta(days=7)


def claim_due_request() -> PlantIdentificationRequest | None:
    """The one that has waited longest; what one worker claims no other gets."""
    now = datetime.now(UTC)
    with transaction.atomic():
        due = PlantIdentificationRequest.objects.filter(
            status=AnswerStatus.QUEUED, next_attempt_at__lte=now, deleted_at=None
        ).order_by("next_attempt_at")
        record = due.select_for_update(skip_locked=True, of=("self",)).select_related("photos").first()
        if record is not None:
            record.next_attempt_at = now + timedelta(seconds=CLAIM_S)
            record.save(update_fields=["next_attempt_at", "updated_at"])
    return record


def answer_queued_request(
    service: CombinedPlantIdentificationService, record: PlantIdentificationRequest
) -> bool:
    """Try once; False where the record stays queued, to be tried again later and later.

    What can never be answered gets an answer that says so: nobody waits for nothing.
    """
    options = msgspec.convert(record.options, Options)
    principal = f"user-{record.owner_id}" if record.owner_id else ANONYMOUS
    try:
        kept = service.answer_shared(
            _question(record, options), principal, Deadline.after(constants.IDENTIFY_DEADLINE_S)
        )
    except (IdentificationUnavailable, IdentificationBusy) as failure:
        if record.created_at > datetime.now(UTC) - GIVE_UP_AFTER:
            _put_back(record, failure.retry_after_s)
            return False
        kept = _without_answer(record, options, failure.detail)
    except PhotoNotAccepted as refusal:
        kept = _without_answer(record, options, refusal.detail)
    except (OSError, PhotosGone):
        logger.exception("queued_photo_gone", extra={"event": "queued_photo_gone"})
        kept = _without_answer(
            record, options, Sentence("The photo is not there any more. Please send it again.")
        )
    PlantIdentificationRequest.objects.filter(pk=record.pk, status=AnswerStatus.QUEUED).update(
        answer_id=kept.answer_id,
        status=kept.document["status"],
        cache="near" if kept.is_near else record.cache,
        next_attempt_at=None,
    )
    return True


class PhotosGone(Exception):
    """The record's photos were deleted while it was waiting."""


def _question(record: PlantIdentificationRequest, options: Options) -> Question:
    if record.photos is None:
        raise PhotosGone
    return Question(
        digest=record.digest,
        photo_digest=record.photo_digest,
        photos=read_photos(record.photos),
        options=options,
    )


def _without_answer(record: PlantIdentificationRequest, options: Options, why: Words) -> KeptAnswer:
    """A task knows no reader; the request it works for told its language."""
    with writing_in(options.language):
        said = str(why)
    document = empty_document(said) | {
        "status": AnswerStatus.PARTIAL.value,
        "answered_at": datetime.now(UTC).isoformat(),
    }
    return save_final_document(
        digest=record.digest, photo_digest=record.photo_digest, options=options, document=document
    )


def put_back_after_crash(record: PlantIdentificationRequest) -> None:
    _put_back(record, retry_after_s=None)


def _put_back(record: PlantIdentificationRequest, retry_after_s: float | None) -> None:
    wait_s = min(RETRY_MAX_S, max(retry_after_s or 0, RETRY_BASE_S * 2 ** min(record.attempts, 5)))
    PlantIdentificationRequest.objects.filter(pk=record.pk).update(
        attempts=record.attempts + 1, next_attempt_at=datetime.now(UTC) + timedelta(seconds=wait_s)
    )
    logger.info(
        "identification_stays_queued",
        extra={"event": "identification_stays_queued", "attempts": record.attempts + 1, "wait_s": wait_s},
    )
