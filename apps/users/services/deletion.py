"""Deleting an account: asked for now, carried out when nobody can want it back any more.

Carried out table by table, in bites that are committed one by one: a worker that dies leaves the rest to
the next one, and the account, which was closed first, to nobody.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.core.fleet.events import note_event
from apps.users.exceptions import StaffAccountKept
from apps.users.models import SecurityEventKind, User
from apps.users.services.browser_sessions import browser_sessions_of
from apps.users.services.mail import send_deletion_asked
from apps.users.services.personal_data import personal_data
from apps.users.services.security_events import note_security_event
from apps.users.services.sessions import end_all_sessions
from apps.users.types import Client

logger = logging.getLogger(__name__)

BITES_PER_RUN = 100  # of at most `personal_data.BATCH` rows each; the rest comes next time
CLAIM = timedelta(minutes=15)  # longer than a run; an account whose worker died is gone on with after this
RETRY_AFTER = timedelta(hours=1)


def ask_for_deletion(*, user: User, client: Client) -> datetime:
    """When the account will be gone. Until then nothing of it works, and signing in brings it back.

    Asked twice, the first time counts.

    Raises:
        StaffAccountKept
    """
    if user.is_staff or user.is_superuser:
        raise StaffAccountKept
    now = datetime.now(UTC)
    due = now + settings.ACCOUNT_DELETION_GRACE
    with transaction.atomic():
        staying = User.objects.filter(pk=user.pk, deletion_due_at=None)
        if staying.update(deletion_due_at=due, updated_at=now):
            note_security_event(user=user, kind=SecurityEventKind.DELETION_ASKED, client=client)
            send_deletion_asked(email=user.email, due=due)
        end_all_sessions(user=user)
        browser_sessions_of(user).delete()
    return User.objects.values_list("deletion_due_at", flat=True).get(pk=user.pk) or due


def erase_due_accounts() -> int:
    """How many are gone. Bounded; one that cannot be erased holds up no other."""
    erased, bites = 0, BITES_PER_RUN
    while bites > 0 and (user := _claim()) is not None:
        bites -= 1
        try:
            for _ in _full_bites(user):
                bites -= 1
                if bites <= 0:
                    _put_back(user, datetime.now(UTC))
                    break
            else:
                erased += 1
                logger.info("account_deleted", extra={"event": "account_deleted"})
        except Exception as exc:
            logger.exception("account_not_deleted", extra={"event": "account_not_deleted"})
            note_event("account_not_deleted", error=type(exc).__name__)
            _put_back(user, datetime.now(UTC) + RETRY_AFTER)
    return erased


def _claim() -> User | None:
    """Closed with that: from here on there is no way back."""
    now = datetime.now(UTC)
    with transaction.atomic():
        due = User.objects.filter(deletion_due_at__lte=now, is_staff=False, is_superuser=False)
        user = due.order_by("deletion_due_at").select_for_update(skip_locked=True).first()
        if user is not None:
            user.is_active = False
            user.deletion_due_at = now + CLAIM
            user.save(update_fields=["is_active", "deletion_due_at", "updated_at"])
    return user


def _put_back(user: User, again: datetime) -> None:
    User.objects.filter(pk=user.pk).update(deletion_due_at=again)


def _full_bites(user: User) -> Iterator[None]:
    """A pause after each that left something. The account's own row is the last, and takes along what came
    in between: a photo that was being identified when the account was closed."""
    for table in reversed(personal_data()):
        while not table.erase_some(user):
            yield
