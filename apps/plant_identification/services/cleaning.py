"""Removing what nobody needs any more: nothing here grows for ever."""

from datetime import UTC, datetime, timedelta

from apps.plant_identification import constants
from apps.plant_identification.models import IdentificationAnswer, PhotoSet, QuotaReservation, QuotaShare
from apps.plant_identification.services.photos import delete_photos
from apps.plant_identification.services.quota import TOKEN_KEPT_DAYS

BATCH = 500
# A set of photos or an answer is written a moment before the record that points at it.
YOUNG = timedelta(hours=1)
SHARES_KEPT = timedelta(days=7)


def remove_what_nobody_needs() -> None:
    """Safe to run at any time and to stop anywhere; takes a bounded bite of each kind."""
    now = datetime.now(UTC)
    _remove_photos(older_than=now - YOUNG)
    _remove_answers(older_than=now - timedelta(seconds=constants.STALE_ANSWER_MAX_AGE_S))
    _remove_ledger_rows(now)


def _remove_photos(*, older_than: datetime) -> None:
    unused = PhotoSet.objects.filter(requests=None, updated_at__lt=older_than)
    for photo_set in unused[:BATCH]:
        # Again in the DELETE: a record may have come to need it since.
        deleted, _ = PhotoSet.objects.filter(pk=photo_set.pk, requests=None).delete()
        if deleted:
            delete_photos(photo_set.paths)


def _remove_answers(*, older_than: datetime) -> None:
    unused = IdentificationAnswer.objects.filter(requests=None, answered_at__lt=older_than)
    ids = list(unused.values_list("pk", flat=True)[:BATCH])
    IdentificationAnswer.objects.filter(pk__in=ids, requests=None).delete()


def _remove_ledger_rows(now: datetime) -> None:
    old = QuotaReservation.objects.filter(created_at__lt=now - timedelta(days=TOKEN_KEPT_DAYS))
    QuotaReservation.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:BATCH])).delete()
    QuotaShare.objects.filter(day__lt=(now - SHARES_KEPT).date()).delete()
