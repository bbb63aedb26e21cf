"""Sign-in sessions: opened, carried on by rotation, ended. A token used twice ends them, too."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from apps.users.constants import LOST_REPLY_GRACE, RECENT_SIGN_IN, SESSIONS_PER_USER_MAX
from apps.users.exceptions import SignInTooOld, TokenRefused
from apps.users.metrics import counted_authentication
from apps.users.models import SecurityEventKind, SignInSession, User
from apps.users.selectors import may_sign_in
from apps.users.services.leaving import cancel_deletion
from apps.users.services.security_events import note_security_event
from apps.users.services.tokens import (
    SESSION_CLAIM,
    SessionToken,
    access_token_from,
    is_used_up,
    refresh_token_from,
    use_up_token,
    user_of_token,
)
from apps.users.types import Client, TokenPair

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignedIn:
    user: User
    tokens: TokenPair
    device: str = ""
    """What the client is to keep, so that its device is known the next time. Empty when carried on."""


def open_session(*, user: User, client: Client) -> SignedIn:
    """
    Raises:
        WrongCredentials: the account is being deleted, and it is too late to come back.
    """
    cancel_deletion(user=user, client=client)
    now = timezone.now()
    _forget_old_sessions(user, now)
    session = SignInSession.objects.create(
        user=user,
        client_digest=_digest(client),
        client_name=client.name,
        token_id=uuid4().hex,
        rotated_at=now,
        expires_at=now + settings.JWT_REFRESH_TOKEN_LIFETIME,
    )
    note_security_event(user=user, kind=SecurityEventKind.SIGNED_IN, client=client)
    return _signed_in(session)


@counted_authentication()
def refresh_session(*, raw: str, client: Client) -> SignedIn:
    """A new pair for a refresh token, which is used up by it.

    Used again, the token ends the session: one of the two who hold it has stolen it. Once within
    `LOST_REPLY_GRACE` the same client gets the same successor again, because a reply may be lost.

    Raises:
        TokenRefused
    """
    token = refresh_token_from(raw=raw)
    user = user_of_token(token=token)
    if not may_sign_in(user=user):
        raise TokenRefused
    if SESSION_CLAIM not in token:
        return _adopt(token, user, client)
    with transaction.atomic():
        session = _rotate(token, client)
    if session is None:  # raised out here, because an exception would take the revocation back
        raise TokenRefused
    return _signed_in(session)


def verify_token(*, raw: str) -> User:
    """Of either kind.

    Raises:
        TokenRefused: also for a refresh token that has been used.
    """
    with suppress(TokenRefused):
        return user_of_token(token=access_token_from(raw=raw))
    token = refresh_token_from(raw=raw)
    user = user_of_token(token=token)
    if is_used_up(token=token):
        raise TokenRefused
    return user


def end_session(*, refresh: str | bytes, access: str | bytes, client: Client) -> None:
    """Whatever of it is known; a token that is no good any more has nothing left to end."""
    for raw, decode in ((refresh, refresh_token_from), (access, access_token_from)):
        with suppress(TokenRefused):
            _end(decode(raw=raw), client)


def end_all_sessions(*, user: User) -> None:
    SignInSession.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())


def end_other_sessions(*, user: User, session_id: str | None, client: Client) -> None:
    """All but the one with this id."""
    mine = SignInSession.objects.filter(user=user, revoked_at=None)
    others = mine.exclude(pk=session_id) if session_id else mine
    if others.update(revoked_at=timezone.now()):
        note_security_event(user=user, kind=SecurityEventKind.SESSIONS_REVOKED, client=client)


def end_one_session(*, user: User, session_id: UUID, client: Client) -> bool:
    """False where the person has no such sign-in, or has it no more."""
    mine = SignInSession.objects.filter(
        user=user, pk=session_id, revoked_at=None, expires_at__gt=timezone.now()
    )
    if not mine.update(revoked_at=timezone.now()):
        return False
    note_security_event(user=user, kind=SecurityEventKind.SESSION_REVOKED, client=client)
    return True


def renew_session(*, user: User, session_id: str | None, client: Client) -> SignedIn:
    """After a new password: the tokens made with the old one are good no more, so this sign-in gets others.

    All other sign-ins end.
    """
    end_other_sessions(user=user, session_id=session_id, client=client)
    sessions = SignInSession.objects.select_for_update(of=("self",)).select_related("user")
    session = sessions.filter(pk=session_id, user=user, revoked_at=None).first() if session_id else None
    if session is None:
        return open_session(user=user, client=client)
    _advance(session, timezone.now())
    session.save()
    return _signed_in(session)


def require_recent_sign_in(*, token: Any) -> None:
    """`token` is what a request was signed in with.

    Raises:
        SignInTooOld
    """
    begun = SignInSession.objects.filter(created_at__gt=timezone.now() - RECENT_SIGN_IN, revoked_at=None)
    if token is None or not begun.filter(pk=token.get(SESSION_CLAIM)).exists():
        raise SignInTooOld


def _rotate(token: SessionToken, client: Client) -> SignInSession | None:
    """The session with its newest token, or None when it is over: the caller commits either."""
    session = (
        SignInSession.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(pk=token[SESSION_CLAIM])
        .first()
    )
    token_id, now = token[api_settings.JTI_CLAIM], timezone.now()
    if session is None or session.revoked_at is not None:
        return None
    if token_id == session.token_id:
        use_up_token(token=token)
        _advance(session, now)
    elif _is_lost_reply(session, token_id, client, now):
        session.reply_repeated = True
    else:
        logger.warning(
            "refresh_token_reused", extra={"event": "refresh_token_reused", "sign_in": str(session.pk)}
        )
        session.revoked_at = now
        note_security_event(user=session.user, kind=SecurityEventKind.TOKEN_REUSED, client=client)
    session.save()
    return session if session.revoked_at is None else None


def _advance(session: SignInSession, now: datetime) -> None:
    session.previous_token_id, session.token_id = session.token_id, uuid4().hex
    session.rotated_at = now
    session.expires_at = now + settings.JWT_REFRESH_TOKEN_LIFETIME
    session.reply_repeated = False


def _is_lost_reply(session: SignInSession, token_id: str, client: Client, now: datetime) -> bool:
    return (
        token_id == session.previous_token_id
        and not session.reply_repeated
        and now - session.rotated_at <= LOST_REPLY_GRACE
        and session.client_digest == _digest(client)
    )


def _adopt(token: SessionToken, user: User, client: Client) -> SignedIn:
    """A token made outside a sign-in gets a session with its first use."""
    if not use_up_token(token=token):
        raise TokenRefused
    return open_session(user=user, client=client)


def _end(token: Any, client: Client) -> None:
    user = user_of_token(token=token)
    if token[api_settings.TOKEN_TYPE_CLAIM] == SessionToken.token_type:
        use_up_token(token=token)
    if session_id := token.get(SESSION_CLAIM):
        mine = SignInSession.objects.filter(pk=session_id, revoked_at=None)
        if mine.update(revoked_at=timezone.now()):
            note_security_event(user=user, kind=SecurityEventKind.SIGNED_OUT, client=client)


def _forget_old_sessions(user: User, now: datetime) -> None:
    """Done here, so that the tables stay bounded without a clean-up job."""
    SignInSession.objects.filter(user=user, expires_at__lt=now).delete()
    OutstandingToken.objects.filter(user_id=user.pk, expires_at__lt=now).delete()
    newest_first = (
        SignInSession.objects.filter(user=user).order_by("-created_at").values_list("pk", flat=True)
    )
    SignInSession.objects.filter(pk__in=list(newest_first[SESSIONS_PER_USER_MAX - 1 :])).delete()


def _signed_in(session: SignInSession) -> SignedIn:
    refresh = SessionToken.for_session(session)
    return SignedIn(session.user, TokenPair(access=str(refresh.access_token), refresh=str(refresh)))


def _digest(client: Client) -> str:
    return salted_hmac(
        "users.client", f"{client.address}\n{client.user_agent}", algorithm="sha256"
    ).hexdigest()
