"""Devices somebody has signed in on. What fails elsewhere does not count against them."""

import hashlib
import secrets
from datetime import datetime

from django.utils import timezone

from apps.users.constants import DEVICE_LIFETIME, DEVICE_TOKEN_MAX_LENGTH, KNOWN_DEVICES_MAX
from apps.users.models import KnownDevice, User


def remember_device(*, user: User, token: str) -> str:
    """The token the device is to keep: the one it has, if that is one of ours.

    A browser that several people share keeps one token for all of them.
    """
    now = timezone.now()
    if not KnownDevice.objects.filter(token_digest=_digest(token), **_fresh(now)).exists():
        token = secrets.token_urlsafe(32)
    KnownDevice.objects.update_or_create(
        user=user, token_digest=_digest(token), defaults={"last_used_at": now}
    )
    _forget_oldest(user)
    return token


def is_known_device(*, login: str, token: str) -> bool:
    """To the account that is named so; one question, whether or not there is such an account."""
    if not token or len(token) > DEVICE_TOKEN_MAX_LENGTH:
        return False
    accounts = User.objects.get_queryset().with_login(login)
    known = KnownDevice.objects.filter(token_digest=_digest(token), **_fresh(timezone.now()))
    return known.filter(user__in=accounts).exists()


def forget_devices(*, user: User, but: str = "") -> None:
    """All of them, or all but the one with this token."""
    KnownDevice.objects.filter(user=user).exclude(token_digest=_digest(but)).delete()


def _fresh(now: datetime) -> dict[str, datetime]:
    return {"last_used_at__gt": now - DEVICE_LIFETIME}


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _forget_oldest(user: User) -> None:
    newest_first = KnownDevice.objects.filter(user=user).order_by("-last_used_at")
    beyond = newest_first.values_list("pk", flat=True)[KNOWN_DEVICES_MAX:]
    KnownDevice.objects.filter(pk__in=list(beyond)).delete()
