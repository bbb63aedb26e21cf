from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from apps.users.constants import VERIFICATION_MANDATORY
from apps.users.models import ApiKey, AuthenticatorApp, RecoveryCode, SignInSession, User


@dataclass(frozen=True, slots=True)
class SecondFactor:
    totp: bool
    confirmed_at: datetime | None
    recovery_codes_left: int


def find_user_by_login(*, login: str) -> User | None:
    return User.objects.get_queryset().with_login(login).first()


def find_user_by_email(*, email: str) -> User | None:
    return User.objects.get_queryset().with_email(email).first()


def has_username(*, username: str) -> bool:
    return User.objects.get_queryset().with_username(username).exists()


def is_confirmation_mandatory() -> bool:
    return bool(settings.ACCOUNT_EMAIL_VERIFICATION == VERIFICATION_MANDATORY)


def may_sign_in(*, user: User) -> bool:
    """Once the password was right; asked again at each rotation, so that a stricter setting takes hold."""
    return user.has_confirmed_email or not is_confirmation_mandatory()


def list_api_keys(*, user: User) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(user=user)


def get_api_key(*, user: User, key_id: UUID) -> ApiKey | None:
    return list_api_keys(user=user).filter(pk=key_id).first()


def has_second_factor(*, user: User) -> bool:
    return AuthenticatorApp.objects.filter(user=user, confirmed_at__isnull=False).exists()


def describe_second_factor(*, user: User) -> SecondFactor:
    app = AuthenticatorApp.objects.filter(user=user, confirmed_at__isnull=False).first()
    left = RecoveryCode.objects.filter(user=user).count()
    return SecondFactor(app is not None, app.confirmed_at if app else None, left)


def list_active_sessions(*, user: Any) -> QuerySet[SignInSession]:
    now = timezone.now()
    return SignInSession.objects.filter(user_id=user.pk, revoked_at=None, expires_at__gt=now)
