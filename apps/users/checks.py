"""Settings under which accounts would not be safe: the project does not start with them."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

from apps.users.constants import JWT_KEY_MIN_BYTES, VERIFICATION_MANDATORY, VERIFICATION_OPTIONAL

VERIFICATIONS = (VERIFICATION_MANDATORY, VERIFICATION_OPTIONAL)


@register(Tags.security)
def check_token_key(**_: Any) -> list[CheckMessage]:
    key: str = settings.SIMPLE_JWT.get("SIGNING_KEY", "")
    found: list[CheckMessage] = []
    if len(key.encode()) < JWT_KEY_MIN_BYTES:
        found.append(Error(f"JWT_SECRET_KEY needs at least {JWT_KEY_MIN_BYTES} bytes.", id="users.E001"))
    if key and key == settings.SECRET_KEY:
        hint = "Whoever learns one of them must not be able to forge what the other signs."
        found.append(Error("JWT_SECRET_KEY is the same as SECRET_KEY.", hint=hint, id="users.E002"))
    return found


@register()
def check_mail(**_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.ACCOUNT_EMAIL_VERIFICATION not in VERIFICATIONS:
        known = " or ".join(VERIFICATIONS)
        found.append(Error(f"ACCOUNT_EMAIL_VERIFICATION must be {known}.", id="users.E003"))
    if settings.EMAIL_TIMEOUT is None:
        hint = "A mail server that does not answer would hold the mail thread for ever."
        found.append(checks.Warning("EMAIL_TIMEOUT is not set.", hint=hint, id="users.W001"))
    return found
