"""Photos that look the same as one that was answered already: copies of it, re-encoded, resized or turned.

Two comparisons have to agree, a perceptual hash and the layout of the colours; where their limits lie
was measured (`benchmarks/near_duplicates/`). Missing a copy costs a call, confusing two plants costs trust:
so the limits are those of the second. What is told is the whole answer, complete, of the same services
to the same options, for as long as it would be told about that photo itself.

Of two copies that come at the same moment each may be bought.

A copy is known whatever rule of fusion its caller's answers are made by: the replies that the known answer
was made of are then merged again. Where they are gone, it is told as it is; nothing is bought for an
experiment.
"""

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction

from apps.core.db import insert_rows
from apps.core.images import HASH_BITS, HASH_DISTANCE, Fingerprint, hash_distance, look_alike
from apps.plant_identification import constants
from apps.plant_identification.models import (
    IdentificationAnswer,
    PhotoFingerprint,
    PhotoSet,
    PlantIdentificationResult,
)
from apps.plant_identification.services.answers import (
    KeptAnswer,
    answer_key,
    columns_of,
    merge_outcomes,
    save_answer,
    stored_key,
)
from apps.plant_identification.services.fusion import CONTROL
from apps.plant_identification.services.registry import Registry
from apps.plant_identification.types import (
    AnswerStatus,
    Options,
    ProviderOutcome,
    ProviderState,
    Question,
)

logger = logging.getLogger(__name__)

REUSED_FOR = timedelta(seconds=constants.CACHE_TIMEOUT_24_HOURS)
PIECES = 4
# Candidates are looked at in Python; thousands of look-alikes cannot make one request slow.
MAX_CANDIDATES = 2_000
FORGOTTEN_AT_ONCE = 20_000
_CANDIDATES = """
SELECT id, hash FROM plant_identification_photofingerprint
WHERE scope = %s AND answered_at > %s AND (piece_0 = %s OR piece_1 = %s OR piece_2 = %s OR piece_3 = %s)
ORDER BY answered_at DESC LIMIT %s
"""
# As text: to build it from the models took three times what the database does for it.
_SHOWN = """
SELECT answer_id, hash, layout FROM plant_identification_photofingerprint AS known
WHERE id IN ({ids}) AND EXISTS (
    SELECT 1 FROM plant_identification_plantidentificationrequest AS request
    WHERE request.answer_id = known.answer_id AND request.deleted_at IS NULL
) ORDER BY answered_at DESC
"""
_CANDIDATE = (
    "species_id",
    "rank_position",
    "scientific_name",
    "confidence_score",
    "provider_scores",
    "model_version",
    "model_confidence",
    "model_metadata",
    "is_favourite",
)


def find_similar_answer(registry: Registry, question: Question) -> IdentificationAnswer | None:
    """A complete answer to these options about a photo that looks the same, which somebody's record shows."""
    mine = _fingerprint_of(question)
    if mine is None:
        return None
    for answer_id, known in _shown(_near_hashes(_scope(registry, question), mine.hash)):
        if not look_alike(mine, known):
            continue
        answer = IdentificationAnswer.objects.filter(pk=answer_id, status=AnswerStatus.COMPLETE).first()
        if answer is not None and not _is_of_these_replies(registry, question, answer):
            _log_found(question, answer)
            return answer
    return None


def _is_of_these_replies(registry: Registry, question: Question, answer: IdentificationAnswer) -> bool:
    """The very photo, by another rule of fusion, and all replies to it are there to be merged by this one."""
    return (
        answer.digest == question.digest
        and _fusion_of(answer) != question.options.fusion
        and all(provider.call.known(question) for provider in registry.providers)
    )


def _fusion_of(answer: IdentificationAnswer) -> str:
    return msgspec.convert(answer.options, Options).fusion


def copy_answer(
    registry: Registry, question: Question, source: IdentificationAnswer, *, photo_set: PhotoSet | None
) -> KeptAnswer:
    """That answer as this question's own, and as old. Being no news, it counts and teaches nothing."""
    again = _merge_again(registry, question, source, photo_set=photo_set)
    if again is not None:
        return again
    reports = [_of_near_duplicate(report) for report in source.document["providers"]]
    document = {**source.document, "providers": reports}
    with transaction.atomic():
        answer = IdentificationAnswer.objects.create(
            question_key=stored_key(registry, question.digest, question.options),
            digest=question.digest,
            photo_digest=question.photo_digest,
            options=msgspec.to_builtins(question.options),
            **columns_of(document),
        )
        PlantIdentificationResult.objects.bulk_create(
            PlantIdentificationResult(answer=answer, **values)
            for values in source.results.values(*_CANDIDATE)
        )
    return KeptAnswer(
        answer_id=str(answer.pk),
        photo_set_id=str(photo_set.pk) if photo_set else None,
        document=document,
        is_near=True,
    )


def _merge_again(
    registry: Registry, question: Question, source: IdentificationAnswer, *, photo_set: PhotoSet | None
) -> KeptAnswer | None:
    """By this question's rule. None where the known answer was made by it, or not all replies are there."""
    if _fusion_of(source) == question.options.fusion:
        return None
    known = replace(question, digest=source.digest, photo_digest=source.photo_digest, photos=())
    outcomes = [
        ProviderOutcome(
            provider=provider.name, state=ProviderState.NEAR_DUPLICATE, reply=provider.call.known(known)
        )
        for provider in registry.providers
    ]
    if any(outcome.reply is None for outcome in outcomes):
        return None
    document = merge_outcomes(registry, outcomes, options=question.options)
    document["answered_at"] = source.document["answered_at"]
    kept = save_answer(registry, question, document, outcomes, photo_set=photo_set, is_news=False)
    return replace(kept, is_near=True)


def _of_near_duplicate(report: Mapping[str, Any]) -> Mapping[str, Any]:
    if report["state"] == ProviderState.NOT_CONFIGURED:
        return report
    return {**report, "state": ProviderState.NEAR_DUPLICATE.value, "latency_ms": None}


def note_fingerprint(registry: Registry, question: Question, kept: KeptAnswer) -> None:
    """From now on, or from when a reply that is awaited has come, copies of the photo get this answer."""
    row = fingerprint_row(registry, question, kept)
    if row is not None:
        insert_rows([row])


def fingerprint_row(registry: Registry, question: Question, kept: KeptAnswer) -> PhotoFingerprint | None:
    """None where no copy may ever get this answer."""
    fingerprint = _fingerprint_of(question)
    if fingerprint is None or not _may_be_complete(kept):
        return None
    pieces = {f"piece_{number}": piece for number, piece in enumerate(split(fingerprint.hash))}
    return PhotoFingerprint(
        answer_id=kept.answer_id,
        scope=_scope(registry, question),
        hash=fingerprint.hash,
        layout=fingerprint.layout,
        answered_at=datetime.fromisoformat(kept.document["answered_at"]),
        **pieces,
    )


def forget_old_fingerprints() -> None:
    """Those whose answers are too old to be reused; bounded, the rest comes next time."""
    old = PhotoFingerprint.objects.filter(answered_at__lte=datetime.now(UTC) - REUSED_FOR)
    ids = list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    PhotoFingerprint.objects.filter(pk__in=ids).delete()


def _fingerprint_of(question: Question) -> Fingerprint | None:
    """Of a single photo. Several are one plant together: that one of them is known says little."""
    return question.photos[0].fingerprint if len(question.photos) == 1 else None


def _may_be_complete(kept: KeptAnswer) -> bool:
    awaits = any(report["state"] == ProviderState.PENDING for report in kept.document["providers"])
    return not kept.is_personal and (awaits or kept.document["status"] == AnswerStatus.COMPLETE)


def _scope(registry: Registry, question: Question) -> int:
    """Answers that may stand for each other: were their photos the same, so would be what is asked."""
    options = replace(question.options, fusion=CONTROL.key)
    key = answer_key(registry, question.photos[0].organ, options)
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], signed=True)


def split(value: int) -> list[int]:
    """Each piece has every fourth bit: those of the quick waves alone are the same in all smooth pictures."""
    bits = f"{value:0{HASH_BITS}b}"
    return [int(bits[first::PIECES], 2) for first in range(PIECES)]


def _near_hashes(scope: int, wanted: int) -> list[Any]:
    """Exact: of hashes that differ in three bits, one piece of four is the same."""
    oldest = connection.ops.adapt_datetimefield_value(datetime.now(UTC) - REUSED_FOR)
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, [scope, oldest, *split(wanted), MAX_CANDIDATES])
        return [pk for pk, found in cursor.fetchall() if hash_distance(found, wanted) <= HASH_DISTANCE]


def _shown(ids: Sequence[Any]) -> Iterator[tuple[Any, Fingerprint]]:
    """The latest first. What its owners have all deleted is told to nobody: they may still take that back."""
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN.format(ids=", ".join(["%s"] * len(ids))), ids)
        for answer_id, value, layout in cursor.fetchall():
            yield answer_id, Fingerprint(hash=value, layout=bytes(layout))


def _log_found(question: Question, source: IdentificationAnswer) -> None:
    logger.info(
        "[CACHE] NEAR for %s… from %s…",
        question.digest[:8],
        source.digest[:8],
        extra={"event": "near_duplicate_found"},
    )
