"""Removing what nobody needs any more: nothing here grows for ever."""

from datetime import UTC, datetime, timedelta

from apps.plant_identification.models import IdentificationAnswer, PhotoSet, QuotaReservation, QuotaShare
from apps.plant_identification.services.encyclopedia.merging import settle_merged_species
from apps.plant_identification.services.purging import note_erasure
from apps.plant_identification.services.quota import TOKEN_KEPT_DAYS
from apps.plant_identification.services.similar_photos import forget_old_fingerprints

BATCH = 500
# A set of photos or an answer is written a moment before the record that points at it.
YOUNG = timedelta(hours=1)
SHARES_KEPT = timedelta(days=7)


def remove_what_nobody_needs() -> None:
    """Safe to run at any time and to stop anywhere; takes a bounded bite of each kind."""
    now = datetime.now(UTC)
    _note_what_no_record_shows(older_than=now - YOUNG)
    forget_old_fingerprints()
    settle_merged_species()
    _remove_ledger_rows(now)


def _note_what_no_record_shows(*, older_than: datetime) -> None:
    """An identification that never became a record leaves as much behind as a deleted one."""
    answers = IdentificationAnswer.objects.filter(requests=None, created_at__lt=older_than)
    for answer in answers.only("digest", "photo_digest", "options")[:BATCH]:
        note_erasure(digest=answer.digest, photo_digest=answer.photo_digest, options=answer.options)
    photos = PhotoSet.objects.filter(requests=None, updated_at__lt=older_than)
    for digest in photos.values_list("digest", flat=True)[:BATCH]:
        note_erasure(digest=digest, photo_digest=digest, options={})


def _remove_ledger_rows(now: datetime) -> None:
    old = QuotaReservation.objects.filter(created_at__lt=now - timedelta(days=TOKEN_KEPT_DAYS))
    QuotaReservation.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:BATCH])).delete()
    QuotaShare.objects.filter(day__lt=(now - SHARES_KEPT).date()).delete()
