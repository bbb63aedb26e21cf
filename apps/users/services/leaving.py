"""Accounts that are going to be deleted, and how one comes back: by signing in."""

from apps.users.exceptions import WrongCredentials
from apps.users.models import SecurityEventKind, User
from apps.users.services.mail import send_deletion_cancelled
from apps.users.services.security_events import note_security_event
from apps.users.types import Client


def cancel_deletion(*, user: User, client: Client | None) -> None:
    """For whoever just signed in. Nothing happens to an account that is not leaving.

    Raises:
        WrongCredentials: it is being erased already, and part of it is gone.
    """
    if not user.is_leaving:
        return
    # One statement: erasing begins by closing the account, so only one of the two happens.
    if not User.objects.filter(pk=user.pk, is_active=True).update(deletion_due_at=None):
        raise WrongCredentials
    user.deletion_due_at = None
    note_security_event(user=user, kind=SecurityEventKind.DELETION_CANCELLED, client=client)
    send_deletion_cancelled(email=user.email)
