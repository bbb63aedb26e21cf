"""What is deleted can be taken back for a while: one rule for everything that has `deleted_at`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from apps.plant_identification import constants
from apps.plant_identification.exceptions import RecordNotFound

_UNDO = timedelta(seconds=constants.UNDO_DELETION_S)


def take_away(rows: QuerySet[Any]) -> datetime:
    """Until when it can be taken back. Of two at once one deletes, and the other is told it is gone.

    Raises:
        RecordNotFound: there is none.
    """
    now = datetime.now(UTC)
    if not rows.update(deleted_at=now, updated_at=now):
        raise RecordNotFound
    return now + _UNDO


def bring_back(rows: QuerySet[Any]) -> bool:
    """False where nothing was deleted, or its time is over."""
    now = datetime.now(UTC)
    return bool(rows.filter(deleted_at__gt=now - _UNDO).update(deleted_at=None, updated_at=now))


def last_moment() -> datetime:
    """What was deleted then or earlier can no longer be taken back."""
    return datetime.now(UTC) - _UNDO
