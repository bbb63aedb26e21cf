"""Signed tokens: what is in them, and whether they are still good."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Self, TypeVar
from uuid import UUID

from django.db import connection
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.state import token_backend
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token
from rest_framework_simplejwt.utils import get_md5_hash_password

from apps.core.db import read_row
from apps.users.exceptions import TokenRefused
from apps.users.metrics import counted_authentication
from apps.users.models import SignInSession, User

SESSION_CLAIM = "sid"

# As text: every signed-in request asks one of them, and to build the query took twice what it takes to run.
_PERSON = "SELECT {columns} FROM users_user AS row WHERE row.id = %s"
_PERSON_IN_SESSION = """
SELECT {columns} FROM users_user AS row JOIN users_signinsession AS session ON session.user_id = row.id
WHERE row.id = %s AND session.id = %s AND session.revoked_at IS NULL
"""

T = TypeVar("T", bound=Token)
NOBODY = UUID(int=0)


class SessionToken(RefreshToken):  # type: ignore[misc]  # the library has no types
    """A refresh token of one sign-in session, which decides about reuse; see `services.sessions`."""

    def check_blacklist(self) -> None:
        """Not here: a token used twice must be recognised, not only refused."""

    @classmethod
    def for_session(cls, session: SignInSession) -> Self:
        """The session's newest token. Asked twice, it is the same token twice."""
        token = cls()
        token[api_settings.USER_ID_CLAIM] = str(session.user_id)
        token[api_settings.REVOKE_TOKEN_CLAIM] = get_md5_hash_password(session.user.password)
        token[SESSION_CLAIM] = str(session.pk)
        token[api_settings.JTI_CLAIM] = session.token_id
        token.set_iat(at_time=session.rotated_at)
        token.set_exp(from_time=session.rotated_at)
        return token


@counted_authentication()
def user_of_access_token(*, raw: str | bytes) -> tuple[User, Token]:
    """
    Raises:
        TokenRefused: also when the session has ended, the password has changed or the account is closed.
    """
    token = access_token_from(raw=raw)
    return user_of_token(token=token), token


@lru_cache(maxsize=2_000)  # some 2 MB
def _checked_payload(raw: str | bytes) -> Mapping[str, Any]:
    """What is in a token whose signature is right. A wrong one raises, and is checked each time."""
    payload: Mapping[str, Any] = token_backend.decode(raw)
    return payload


class _SignaturesOnce:
    """The library's backend as tokens read with it."""

    get_leeway = staticmethod(token_backend.get_leeway)

    def decode(self, raw: str | bytes, **_: Any) -> dict[str, Any]:
        return dict(_checked_payload(raw))  # a copy, for a token's claims can be set


class _RepeatedToken(AccessToken):  # type: ignore[misc]
    """An access token, which its owner sends with each request: its signature is checked when it is new.

    The library looks at its kind and its end each time, and `user_of_token` at all that may have changed.
    """

    def get_token_backend(self) -> Any:
        return _SignaturesOnce()


def access_token_from(*, raw: str | bytes) -> AccessToken:
    """
    Raises:
        TokenRefused
    """
    return _decoded(_RepeatedToken, raw)


def refresh_token_from(*, raw: str | bytes) -> SessionToken:
    """Signature, kind and time are right; whether it may still be used is another question.

    Raises:
        TokenRefused
    """
    return _decoded(SessionToken, raw)


def user_of_token(*, token: Token) -> User:
    """One query, with the session where the token belongs to one.

    Raises:
        TokenRefused
    """
    session_id = token.get(SESSION_CLAIM)
    user = _user_in_session(session_id, token) if session_id else _user_alone(token)
    if user is None or not user.is_active or user.is_leaving or not _made_with_password_of(user, token):
        raise TokenRefused
    return user


def use_up_token(*, token: Token) -> bool:
    """Put it on the library's list, without its text. False when it stood there already."""
    outstanding, _ = OutstandingToken.objects.get_or_create(
        jti=token[api_settings.JTI_CLAIM],
        defaults={
            "user_id": _uuid(token.get(api_settings.USER_ID_CLAIM)),
            "token": "",
            "created_at": timezone.now(),
            "expires_at": _expiry_of(token),
        },
    )
    _, is_first_use = BlacklistedToken.objects.get_or_create(token=outstanding)
    return bool(is_first_use)


def is_used_up(*, token: Token) -> bool:
    return bool(BlacklistedToken.objects.filter(token__jti=token[api_settings.JTI_CLAIM]).exists())


def _expiry_of(token: Token) -> datetime:
    return datetime.fromtimestamp(token["exp"], tz=UTC)


def _decoded(kind: type[T], raw: str | bytes) -> T:
    try:
        token: T = kind(raw)
    except TokenError:
        raise TokenRefused from None
    return token


def _user_in_session(session_id: str, token: Token) -> User | None:
    return _read_user(_PERSON_IN_SESSION, token, session_id)


def _user_alone(token: Token) -> User | None:
    """A token made outside a sign-in, by the shell or a test."""
    return _read_user(_PERSON, token)


def _read_user(statement: str, token: Token, *ids: str) -> User | None:
    key = User._meta.pk  # noqa: SLF001 - documented, for all its name
    wanted = (token.get(api_settings.USER_ID_CLAIM), *ids)
    return read_row(User, statement, [key.get_db_prep_value(_uuid(id_), connection) for id_ in wanted])


def _made_with_password_of(user: User, token: Token) -> bool:
    claim = str(token.get(api_settings.REVOKE_TOKEN_CLAIM, ""))
    return hmac.compare_digest(claim.encode(), get_md5_hash_password(user.password).encode())


def _uuid(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        return NOBODY
