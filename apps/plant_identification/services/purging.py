"""Removing what deleted records leave behind: rows, files, cached answers, handles of paid calls.

However a record goes (deleted by its owner, with the account, in the admin), it leaves a `PhotoErasure` in
the same transaction. Each step takes only what nobody else's record needs, and may be done twice.
What is locked is one kind of row per transaction: an identification that is being saved
locks an answer and its photos too, in an order of the database's.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction

from apps.plant_identification import constants
from apps.plant_identification.models import (
    IdentificationAnswer,
    PhotoErasure,
    PhotoSet,
    PlantIdentificationRequest,
)
from apps.plant_identification.services.answers import answer_key
from apps.plant_identification.services.paid_copies import is_being_bought, part_with_copies
from apps.plant_identification.services.photos import delete_photos
from apps.plant_identification.services.registry import Registry
from apps.plant_identification.services.undo import last_moment
from apps.plant_identification.types import Options, Question

logger = logging.getLogger(__name__)

BATCH = 200
CLAIM_S = 300  # longer than one erasure; one whose worker died is done by another after this
RETRY_BASE_S, RETRY_MAX_S = 60, 3_600
# Longer than an identification takes: what nobody needs yet may belong to one that is being saved.
UNDER_WAY = timedelta(seconds=3 * constants.IDENTIFY_DEADLINE_S)


def note_erasure(*, digest: str, photo_digest: str, options: Mapping[str, Any]) -> None:
    """These photos lose a record; whatever only that one needed is to be removed."""
    PhotoErasure.objects.create(
        digest=digest, photo_digest=photo_digest, options=options, next_attempt_at=datetime.now(UTC)
    )


def purge_deleted_records() -> int:
    """Remove the records for good that nobody can take back any more. Bounded; the rest comes next time."""
    ended = last_moment()
    with transaction.atomic():
        # Locked first: one that is being restored is left alone, or is seen to be restored.
        due = PlantIdentificationRequest.objects.filter(deleted_at__lte=ended).order_by("deleted_at")
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        PlantIdentificationRequest.objects.filter(pk__in=ids).delete()
    return len(ids)


def erase_photos(registry: Registry) -> int:
    """Do what is due; one that cannot be done holds up no other."""
    done = 0
    for _ in range(BATCH):
        erasure = _claim()
        if erasure is None:
            break
        try:
            done += _erase(registry, erasure)
        except Exception:
            logger.exception("photo_erasure_failed", extra={"event": "photo_erasure_failed"})
            _put_back(erasure)
    return done


def _claim() -> PhotoErasure | None:
    now = datetime.now(UTC)
    with transaction.atomic():
        due = PhotoErasure.objects.filter(next_attempt_at__lte=now).order_by("next_attempt_at")
        erasure = due.select_for_update(skip_locked=True).first()
        if erasure is not None:
            erasure.next_attempt_at = now + timedelta(seconds=CLAIM_S)
            erasure.attempts += 1
            erasure.save(update_fields=["next_attempt_at", "attempts", "updated_at"])
    return erasure


def _erase(registry: Registry, erasure: PhotoErasure) -> bool:
    """False where it has to be tried again."""
    question = Question(
        digest=erasure.digest,
        photo_digest=erasure.photo_digest,
        photos=(),
        options=msgspec.convert(erasure.options, Options),
    )
    if _is_being_identified(question):
        _put_back(erasure, wait=UNDER_WAY)
        return False
    _remove_answers(question.photo_digest)
    _remove_photo_set(erasure)
    part_with_copies(question, others=_others(question))
    delete_photos(erasure.paths)
    if not _forget_cached(registry, question):
        _put_back(erasure)
        return False
    erasure.delete()
    return True


def _put_back(erasure: PhotoErasure, *, wait: timedelta | None = None) -> None:
    seconds = min(RETRY_MAX_S, RETRY_BASE_S * 2 ** min(erasure.attempts, 10))
    again = datetime.now(UTC) + (wait or timedelta(seconds=seconds))
    PhotoErasure.objects.filter(pk=erasure.pk).update(next_attempt_at=again)


def _is_being_identified(question: Question) -> bool:
    """Somebody sent the same photos a moment ago, and their record is not written yet."""
    since = datetime.now(UTC) - UNDER_WAY
    answers = IdentificationAnswer.objects.filter(photo_digest=question.photo_digest, requests=None)
    photos = PhotoSet.objects.filter(digest=question.digest, requests=None)
    return (
        answers.filter(created_at__gt=since).exists()
        or photos.filter(updated_at__gt=since).exists()
        or is_being_bought(question)
    )


def _remove_answers(photo_digest: str) -> None:
    """With the lock nobody's record comes to point at one; whoever waits for it finds it gone."""
    with transaction.atomic():
        answers = IdentificationAnswer.objects.filter(photo_digest=photo_digest).order_by("pk")
        ids = set(answers.select_for_update().values_list("pk", flat=True))
        shown = PlantIdentificationRequest.objects.filter(answer__in=ids).values_list("answer_id", flat=True)
        IdentificationAnswer.objects.filter(pk__in=ids - set(shown)).delete()


def _remove_photo_set(erasure: PhotoErasure) -> None:
    """The paths move into the erasure in one step with the row: no file is forgotten."""
    with transaction.atomic():
        photo_set = PhotoSet.objects.select_for_update().filter(digest=erasure.digest).first()
        if photo_set is None or photo_set.requests.exists():
            return
        erasure.paths = [*erasure.paths, *photo_set.paths]
        erasure.save(update_fields=["paths", "updated_at"])
        photo_set.delete()


def _others(question: Question) -> list[Question]:
    """What the remaining records of these photos asked, each once. Deleted ones that may return count."""
    asked = (
        PlantIdentificationRequest.objects.filter(photo_digest=question.photo_digest)
        .values_list("digest", "options")
        .distinct()
    )
    return [
        Question(
            digest=digest,
            photo_digest=question.photo_digest,
            photos=(),
            options=msgspec.convert(options, Options),
        )
        for digest, options in asked
    ]


def _forget_cached(registry: Registry, question: Question) -> bool:
    """False where Redis could not be told."""
    mine = _cache_keys(registry, question)
    needed = {key for other in _others(question) for key in _cache_keys(registry, other)}
    told = [registry.cache.delete(key) for key in sorted(mine - needed)]
    return all(told)


def _cache_keys(registry: Registry, question: Question) -> set[str]:
    providers = (key for provider in registry.providers for key in provider.call.keys(question))
    return {answer_key(registry, question.digest, question.options), *providers}
