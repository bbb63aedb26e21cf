"""Keys for scripts and partners: made, shown once, used, rotated, revoked.

The secret is as random as the digest is long, so a fast keyed digest keeps it: there is nothing to guess.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare, get_random_string, salted_hmac

from apps.users.constants import (
    API_KEY_MARK,
    API_KEY_PREFIX_CHARS,
    API_KEY_ROTATION_GRACE,
    API_KEY_SECRET_CHARS,
    API_KEY_USE_NOTED_EVERY,
    API_KEYS_PER_USER_MAX,
)
from apps.users.exceptions import ApiKeyExpired, ApiKeyNotFound, ApiKeyRefused, TooManyApiKeys
from apps.users.metrics import counted_authentication
from apps.users.models import ApiKey, SecurityEventKind, User
from apps.users.selectors import may_sign_in
from apps.users.services.security_events import note_security_event
from apps.users.types import ApiKeyScope, Client

_FORM = re.compile(
    rf"{API_KEY_MARK}_([a-z0-9]{{{API_KEY_PREFIX_CHARS}}})_([A-Za-z0-9]{{{API_KEY_SECRET_CHARS}}})"
)
_PREFIX_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_SALT = "users.api-key"


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key with its text, which is known at this moment and never again."""

    key: ApiKey
    text: str


def create_api_key(
    *, user: User, name: str, scopes: Iterable[ApiKeyScope], days: int, client: Client | None = None
) -> ShownKey:
    """
    Raises:
        TooManyApiKeys
    """
    key = ApiKey(user=user, name=name, prefix=get_random_string(API_KEY_PREFIX_CHARS, _PREFIX_ALPHABET))
    key.scopes = sorted(scopes)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # else ten requests at once would all find room
        if ApiKey.objects.filter(user=user).count() >= API_KEYS_PER_USER_MAX:
            raise TooManyApiKeys
        text = _renew(key, days)
        key.save(force_insert=True)
        note_security_event(
            user=user, kind=SecurityEventKind.API_KEY_MADE, client=client, about=key.beginning
        )
    return ShownKey(key, text)


def rotate_api_key(
    *, user: User, key_id: UUID, days: int, immediately: bool, client: Client | None = None
) -> ShownKey:
    """A new secret and a new life. The old secret ends after a while, or at once.

    A secret that was no good any more does not come back to life, and neither does the one before it.

    Raises:
        ApiKeyNotFound
    """
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().filter(user=user, pk=key_id).first()
        if key is None:
            raise ApiKeyNotFound
        key.user, now = user, timezone.now()
        is_good = key.expires_at > now and _made_with_password_of(user, key)
        keeps_old = is_good and not immediately
        key.previous_digest = key.secret_digest if keeps_old else ""
        key.previous_until = min(now + API_KEY_ROTATION_GRACE, key.expires_at) if keeps_old else None
        text = _renew(key, days)
        key.save()
        note_security_event(
            user=user, kind=SecurityEventKind.API_KEY_ROTATED, client=client, about=key.beginning
        )
    return ShownKey(key, text)


def revoke_api_key(*, user: User, key_id: UUID, client: Client | None = None) -> None:
    """
    Raises:
        ApiKeyNotFound
    """
    key = ApiKey.objects.filter(user=user, pk=key_id).first()
    if key is None or not key.delete()[0]:
        raise ApiKeyNotFound
    note_security_event(user=user, kind=SecurityEventKind.API_KEY_REVOKED, client=client, about=key.beginning)


@counted_authentication()
def find_api_key(*, text: str) -> ApiKey:
    """The key with its owner, if it is good now.

    Raises:
        ApiKeyRefused
        ApiKeyExpired
    """
    form, now = _FORM.fullmatch(text), timezone.now()
    key = form and ApiKey.objects.select_related("user").filter(prefix=form[1]).first()
    if not form or not key or not _is_secret_of(key, form[2], now):
        raise ApiKeyRefused
    may_be_used = key.user.is_active and not key.user.is_leaving and may_sign_in(user=key.user)
    if not may_be_used or not _made_with_password_of(key.user, key):
        raise ApiKeyRefused
    if key.expires_at <= now:
        raise ApiKeyExpired
    return key


def note_use(*, key: ApiKey) -> None:
    """Once in a while, and by one of those who come at once: else every reading request would write."""
    now = timezone.now()
    before = now - API_KEY_USE_NOTED_EVERY
    if key.last_used_at is None or key.last_used_at <= before:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lte=before)
        ApiKey.objects.filter(unnoted, pk=key.pk).update(last_used_at=now)


def _renew(key: ApiKey, days: int) -> str:
    secret = get_random_string(API_KEY_SECRET_CHARS)
    key.secret_digest = _digest(secret)
    key.password_mark = _password_mark(key.user)
    key.expires_at = timezone.now() + timedelta(days=days)
    return f"{key.beginning}_{secret}"


def _is_secret_of(key: ApiKey, secret: str, now: datetime) -> bool:
    digest = _digest(secret)
    is_previous = constant_time_compare(digest, key.previous_digest)
    is_in_grace = key.previous_until is not None and now < key.previous_until
    return constant_time_compare(digest, key.secret_digest) or (is_previous and is_in_grace)


def _made_with_password_of(user: User, key: ApiKey) -> bool:
    return constant_time_compare(key.password_mark, _password_mark(user))


def _password_mark(user: User) -> str:
    return salted_hmac(f"{_SALT}.password", user.password, algorithm="sha256").hexdigest()


def _digest(secret: str) -> str:
    return salted_hmac(_SALT, secret, algorithm="sha256").hexdigest()
