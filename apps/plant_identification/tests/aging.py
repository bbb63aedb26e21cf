"""Making what was stored as old as a test needs it."""

from datetime import UTC, datetime, timedelta

from apps.plant_identification.models import (
    IdentificationAnswer,
    PhotoErasure,
    PhotoSet,
    PlantIdentificationRequest,
    QuotaReservation,
    UnwantedCopy,
)

A_WHILE = timedelta(minutes=11)  # longer than a deletion can be taken back, or an identification takes


def let_a_while_pass(span=A_WHILE):
    """For what deletion looks at; what waits for a next attempt is due."""
    then = datetime.now(UTC) - span
    PlantIdentificationRequest.objects.exclude(deleted_at=None).update(deleted_at=then)
    IdentificationAnswer.objects.update(created_at=then)
    PhotoSet.objects.update(updated_at=then)
    QuotaReservation.objects.update(created_at=then)
    for waiting in (PhotoErasure, UnwantedCopy):
        waiting.objects.update(created_at=then, next_attempt_at=then)
