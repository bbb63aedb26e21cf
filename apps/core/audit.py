"""Who changed what: no change without its row, and no row without its change."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from apps.core.logging.context import get_request_id
from apps.core.models import AuditEntry

logger = logging.getLogger(__name__)

REASON_MAX_LENGTH = 200


@contextmanager
def auditing(*, actor: AbstractBaseUser, action: str, target: str, reason: str = "") -> Iterator[AuditEntry]:
    """The block makes the change, and sets `before` and `after` of the row it is given.

    The row is written first, so that nothing is changed where it cannot be recorded. An exception in the
    block takes it back.
    """
    with transaction.atomic():
        entry = AuditEntry.objects.create(
            actor_id=actor.pk,
            actor_name=actor.get_username(),
            action=action,
            target=target,
            reason=reason.strip()[:REASON_MAX_LENGTH],
            request_id=get_request_id(),
        )
        yield entry
        AuditEntry.objects.filter(pk=entry.pk).update(before=entry.before, after=entry.after)
    logger.info(
        "[AUDIT] %s %s",
        action,
        target,
        extra={"event": "audited", "action": action, "target": target, "actor": str(actor.pk)},
    )


def recent_entries(*, limit: int, actions: str) -> list[dict[str, Any]]:
    """Newest first; `actions` is what their names begin with."""
    rows = AuditEntry.objects.filter(action__startswith=actions).order_by("-id")
    names = ("id", "at", "actor_name", "action", "target", "before", "after", "reason", "request_id")
    return [dict(zip(names, row, strict=True)) for row in rows.values_list(*names)[:limit]]
