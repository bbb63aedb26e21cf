"""Tickets for opening a WebSocket, where a browser can send no header and an address must hold no token.

They are in the database, so that they work without Redis, and are used up by one DELETE: of any number of
openers at once one gets through.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from apps.users.constants import TICKET_LIFETIME
from apps.users.exceptions import TokenRefused
from apps.users.models import SignInSession, SocketTicket, User
from apps.users.services.tokens import SESSION_CLAIM

TICKET_BYTES = 32
TICKET_MAX_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTicket:
    ticket: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who opened a socket, and by which sign-in; None for a token made without one."""

    user_id: UUID
    sign_in_id: UUID | None


def issue_ticket(*, user: User, claims: Mapping[str, Any] | None) -> IssuedTicket:
    """`claims` are those of the access token it is asked for with.

    Raises:
        TokenRefused: the sign-in or the account ended a moment ago.
    """
    now = timezone.now()
    SocketTicket.objects.filter(expires_at__lte=now).delete()  # so that there are never more than live ones
    ticket = secrets.token_urlsafe(TICKET_BYTES)
    expires_at = now + TICKET_LIFETIME
    sign_in_id = (claims or {}).get(SESSION_CLAIM)
    try:
        SocketTicket.objects.create(
            digest=_digest(ticket), user=user, sign_in_id=sign_in_id, expires_at=expires_at
        )
    except IntegrityError:
        raise TokenRefused from None
    return IssuedTicket(ticket=ticket, expires_at=expires_at)


def redeem_ticket(*, ticket: str) -> Holder | None:
    """None for one that is unknown, used or too old. Whoever gets a holder is the only one."""
    if len(ticket) > TICKET_MAX_LENGTH:
        return None
    row = SocketTicket.objects.filter(pk=_digest(ticket), expires_at__gt=timezone.now()).first()
    if row is None:
        return None
    deleted, _ = SocketTicket.objects.filter(pk=row.pk).delete()
    return Holder(user_id=row.user_id, sign_in_id=row.sign_in_id) if deleted else None


def person_behind(holder: Holder) -> User | None:
    """As things are now: a sign-in that has ended or a closed account make it None."""
    if holder.sign_in_id is not None:
        sign_in = SignInSession.objects.filter(pk=holder.sign_in_id, revoked_at=None)
        if not sign_in.exists():
            return None
    return User.objects.filter(pk=holder.user_id, is_active=True, deletion_due_at=None).first()


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
