"""One-time codes of an authenticator app (RFC 6238), and the codes for when the phone is lost."""

import hashlib
import hmac
import logging
import secrets
from dataclasses import dataclass

import pyotp
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.core.resilience.clock import SYSTEM_CLOCK, Clock
from apps.users.constants import (
    CODE_DIGITS,
    CODE_PERIOD_S,
    CODE_STEPS_EITHER_SIDE,
    OFFER_LIFETIME,
    RECOVERY_CODE_CHARS,
    RECOVERY_CODES,
)
from apps.users.exceptions import (
    CodeRefused,
    EmailNotConfirmed,
    NoSecondFactor,
    NothingOffered,
    SecondFactorThere,
)
from apps.users.models import AuthenticatorApp, RecoveryCode, SecurityEventKind, User
from apps.users.services.mail import send_second_factor_changed
from apps.users.services.sealing import InvalidToken, seal, unseal
from apps.users.services.security_events import note_security_event
from apps.users.types import Client

logger = logging.getLogger(__name__)
CLOCK: Clock = SYSTEM_CLOCK

# Crockford's: nothing that looks like something else.
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True, slots=True)
class Offer:
    secret: str
    otpauth_url: str


def offer_app(*, user: User) -> Offer:
    """A secret for the app. Nothing asks for a code before `confirm_app` has seen the first.

    Raises:
        EmailNotConfirmed: who only says that an address is theirs must not lock its owner out with a code.
        SecondFactorThere
    """
    if not user.has_confirmed_email:
        raise EmailNotConfirmed
    secret = pyotp.random_base32()
    offer = {"encrypted_secret": seal(secret), "offered_at": timezone.now()}
    with transaction.atomic():
        app, is_new = AuthenticatorApp.objects.select_for_update().get_or_create(user=user, defaults=offer)
        if app.confirmed_at is not None:
            raise SecondFactorThere
        if not is_new:
            AuthenticatorApp.objects.filter(pk=app.pk).update(**offer, last_step=0)
    url = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=settings.WAGTAIL_SITE_NAME)
    return Offer(secret, url)


def confirm_app(*, user: User, code: str, client: Client | None = None) -> list[str]:
    """The app shows the right code, so from now on it is asked for. Gives the recovery codes.

    Raises:
        NothingOffered
        CodeRefused
    """
    with transaction.atomic():
        app = AuthenticatorApp.objects.select_for_update().filter(user=user, confirmed_at=None).first()
        if app is None or timezone.now() - app.offered_at > OFFER_LIFETIME:
            raise NothingOffered
        _take_code(app, _plain(code))
        AuthenticatorApp.objects.filter(pk=app.pk).update(confirmed_at=timezone.now())
        codes = _new_recovery_codes(user)
        note_security_event(user=user, kind=SecurityEventKind.SECOND_FACTOR_ON, client=client)
    send_second_factor_changed(email=user.email, is_on=True)
    return codes


def remove_app(*, user: User, client: Client | None = None) -> None:
    """
    Raises:
        NoSecondFactor
    """
    with transaction.atomic():
        removed, _ = AuthenticatorApp.objects.filter(user=user, confirmed_at__isnull=False).delete()
        if not removed:
            raise NoSecondFactor
        RecoveryCode.objects.filter(user=user).delete()
        note_security_event(user=user, kind=SecurityEventKind.SECOND_FACTOR_OFF, client=client)
    send_second_factor_changed(email=user.email, is_on=False)


def renew_recovery_codes(*, user: User, client: Client | None = None) -> list[str]:
    """The old ones are good no more.

    Raises:
        NoSecondFactor
    """
    with transaction.atomic():
        app = AuthenticatorApp.objects.select_for_update().filter(user=user, confirmed_at__isnull=False)
        if not app.exists():
            raise NoSecondFactor
        note_security_event(user=user, kind=SecurityEventKind.RECOVERY_CODES_MADE, client=client)
        return _new_recovery_codes(user)


def use_code(*, user: User, code: str, client: Client | None = None) -> None:
    """Of the app, or a recovery code; either works once.

    Raises:
        CodeRefused
    """
    plain = _plain(code)
    app = AuthenticatorApp.objects.filter(user=user, confirmed_at__isnull=False).first()
    if app is None:
        raise CodeRefused
    if len(plain) == CODE_DIGITS:
        _take_code(app, plain)
        return
    used, _ = RecoveryCode.objects.filter(user=user, digest=_digest(user, plain)).delete()
    if not used:
        raise CodeRefused
    note_security_event(user=user, kind=SecurityEventKind.RECOVERY_CODE_USED, client=client)


def _take_code(app: AuthenticatorApp, code: str) -> None:
    """Of several who come with the same code at once, the update lets one through."""
    totp = pyotp.TOTP(_secret_of(app), digits=CODE_DIGITS, interval=CODE_PERIOD_S)
    now = int(CLOCK.wall()) // CODE_PERIOD_S
    steps = range(now - CODE_STEPS_EITHER_SIDE, now + CODE_STEPS_EITHER_SIDE + 1)
    right = [step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())]
    newer = AuthenticatorApp.objects.filter(pk=app.pk, last_step__lt=max(right, default=0))
    if not right or not newer.update(last_step=max(right)):
        raise CodeRefused


def _secret_of(app: AuthenticatorApp) -> str:
    try:
        return unseal(app.encrypted_secret)
    except InvalidToken:
        # SECRET_KEY has changed without a fallback. Recovery codes go on working.
        logger.error("second_factor_unreadable", extra={"event": "second_factor_unreadable"})  # noqa: TRY400
        raise CodeRefused from None


def _new_recovery_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = [
        "".join(secrets.choice(_LETTERS) for _ in range(RECOVERY_CODE_CHARS)) for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=_digest(user, code)) for code in codes])
    return ["-".join(code[at : at + 4] for at in range(0, RECOVERY_CODE_CHARS, 4)) for code in codes]


def _digest(user: User, code: str) -> str:
    """Not with a key: when SECRET_KEY is lost, these are what is left to sign in with."""
    return hashlib.sha256(f"{user.pk} {code}".encode()).hexdigest()


def _plain(code: str) -> str:
    """However it was typed."""
    return "".join(code.split()).replace("-", "").lower()
