"""Signing in with Google: there, back, and into the account it belongs to.

The browser goes to Google and comes back with Google's code, for which it gets one of ours. The client that
began (a page with the browser's cookie, or an app with its PKCE verifier) sends ours in and is signed in. So
nothing that signs anybody in stands in an address, and what goes wrong is told to a client that can read it.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from secrets import token_urlsafe

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError
from apps.users.constants import (
    GOOGLE,
    OAUTH_ATTEMPT_LIFETIME,
    OAUTH_ATTEMPTS_MAX,
    OAUTH_BUSY_RETRY_AFTER_S,
    OAUTH_CODE_LIFETIME,
)
from apps.users.exceptions import AccountNotLinked, OAuthRefused
from apps.users.metrics import counted_authentication
from apps.users.models import (
    ApiKey,
    AuthenticatorApp,
    ExternalIdentity,
    KnownDevice,
    OAuthAttempt,
    RecoveryCode,
    SecurityEventKind,
    User,
)
from apps.users.services.accounts import generated_username
from apps.users.services.openid import OpenIDProvider, ProvenIdentity
from apps.users.services.security_events import note_security_event
from apps.users.services.sessions import SignedIn, end_all_sessions
from apps.users.services.signing_in import complete_sign_in
from apps.users.types import Client, Delivery, SecondFactorNeeded

NAME_MAX_LENGTH = 150


@dataclass(frozen=True, slots=True)
class Begun:
    address: str
    """Google's, where the browser goes now."""
    browser: str
    """For a cookie: only the browser that has it may come back."""


def is_google_configured() -> bool:
    return bool(settings.GOOGLE_OAUTH_CLIENT_ID)


def begin_google_sign_in(*, return_to: str, app_challenge: str = "", app_state: str = "") -> Begun:
    """
    Raises:
        IdentityProviderUnavailable
        DomainError: busy, when too many are on their way.
    """
    now = timezone.now()
    OAuthAttempt.objects.filter(expires_at__lte=now).delete()
    if OAuthAttempt.objects.count() >= OAUTH_ATTEMPTS_MAX:
        raise DomainError(code=ErrorCode.BUSY, retry_after_s=OAUTH_BUSY_RETRY_AFTER_S)
    state, nonce, code_verifier, browser = (token_urlsafe(32) for _ in range(4))
    address = _google().authorization_url(
        redirect_uri=_callback(), state=state, nonce=nonce, code_verifier=code_verifier
    )
    OAuthAttempt.objects.create(
        state_digest=_digest(state),
        browser_digest=_digest(browser),
        nonce=nonce,
        code_verifier=code_verifier,
        return_to=return_to,
        app_challenge=app_challenge,
        app_state=app_state,
        expires_at=now + OAUTH_ATTEMPT_LIFETIME,
    )
    return Begun(address, browser)


def receive_google_answer(*, state: str, browser: str, code: str) -> str:
    """Where the browser goes on: with a code of ours, or told that there will be no sign-in.

    Raises:
        OAuthRefused: not begun in this browser, begun too long ago, or answered before.
    """
    now = timezone.now()
    with transaction.atomic():
        attempt = _locked(now, state_digest=_digest(state), code_digest="")
        if attempt is None or not constant_time_compare(attempt.browser_digest, _digest(browser)):
            raise OAuthRefused
        if not code:
            attempt.delete()
            return _way_back(attempt, error="access_denied")
        ours = token_urlsafe(32)
        attempt.code_digest, attempt.provider_code = _digest(ours), code
        attempt.expires_at = now + OAUTH_CODE_LIFETIME
        attempt.save()
    return _way_back(attempt, code=ours)


@counted_authentication()
def finish_google_sign_in(
    *, code: str, code_verifier: str, browser: str, client: Client
) -> tuple[SignedIn | SecondFactorNeeded, Delivery]:
    """The code is used up by it, however it ends.

    Raises:
        OAuthRefused: of an unknown, used or old code, or of another client's; or Google's word is no good.
        IdentityProviderUnavailable
        AccountNotLinked
    """
    with transaction.atomic():
        attempt = _locked(timezone.now(), code_digest=_digest(code))
        if attempt is not None:
            OAuthAttempt.objects.filter(pk=attempt.pk).delete()
    if attempt is None or not _has_begun(attempt, code_verifier, browser):
        raise OAuthRefused
    identity = _google().identify(
        code=attempt.provider_code,
        redirect_uri=_callback(),
        nonce=attempt.nonce,
        code_verifier=attempt.code_verifier,
    )
    delivery = Delivery.TOKENS if attempt.app_challenge else Delivery.COOKIES
    return complete_sign_in(user=person_of(identity=identity), client=client, delivery=delivery), delivery


def person_of(*, identity: ProvenIdentity) -> User:
    """Whose account that is; a new one where there is none.

    Raises:
        AccountNotLinked
    """
    try:
        return _person_of(identity)
    except IntegrityError:  # the same person in another window was faster
        return _person_of(identity)


@transaction.atomic
def _person_of(identity: ProvenIdentity) -> User:
    here = ExternalIdentity.objects.select_related("user").filter(provider=GOOGLE)
    if linked := here.filter(subject=identity.subject).first():
        if not linked.user.is_active:
            raise AccountNotLinked
        return linked.user
    if not identity.email_verified:
        raise AccountNotLinked(AccountNotLinked.ADDRESS_NOT_CONFIRMED_THERE)
    user = User.objects.get_queryset().with_email(identity.email).select_for_update().first()
    if user is None:
        user = _make_account(identity)
    elif linked := here.filter(user=user).first():
        if linked.subject != identity.subject:
            raise AccountNotLinked
        return user  # linked by another window while this one waited for the account
    elif not user.is_active:
        raise AccountNotLinked
    elif not user.has_confirmed_email:
        _hand_over(user, identity)
    ExternalIdentity.objects.create(user=user, provider=GOOGLE, subject=identity.subject)
    note_security_event(user=user, kind=SecurityEventKind.IDENTITY_LINKED, about=GOOGLE)
    return user


def _make_account(identity: ProvenIdentity) -> User:
    user = User(username=generated_username(), email=User.objects.normalize_email(identity.email))
    _take_word_for(user, identity)
    user.clean_fields(exclude=["password"])
    user.save(force_insert=True)
    return user


def _hand_over(user: User, identity: ProvenIdentity) -> None:
    """An account whose address nobody confirmed goes to who has the address; whoever made it may be another.

    Nothing that person may know or hold opens it any more. Somebody who may change the site is not made so.

    Raises:
        AccountNotLinked
    """
    if user.is_staff or user.is_superuser:
        raise AccountNotLinked
    user.wished_username = ""
    _take_word_for(user, identity)
    user.save()
    end_all_sessions(user=user)
    for way_in in (ApiKey, AuthenticatorApp, KnownDevice, RecoveryCode):
        way_in.objects.filter(user=user).delete()


def _take_word_for(user: User, identity: ProvenIdentity) -> None:
    user.set_unusable_password()
    user.email_verified_at = timezone.now()
    user.first_name = identity.first_name[:NAME_MAX_LENGTH]
    user.last_name = identity.last_name[:NAME_MAX_LENGTH]


def _has_begun(attempt: OAuthAttempt, code_verifier: str, browser: str) -> bool:
    if attempt.app_challenge:
        return constant_time_compare(create_s256_code_challenge(code_verifier), attempt.app_challenge)
    return constant_time_compare(_digest(browser), attempt.browser_digest)


def _locked(now: datetime, **wanted: str) -> OAuthAttempt | None:
    """Who comes second waits, and finds it changed."""
    return OAuthAttempt.objects.select_for_update().filter(expires_at__gt=now, **wanted).first()


def _way_back(attempt: OAuthAttempt, **told: str) -> str:
    state = {"state": attempt.app_state} if attempt.app_state else {}
    return str(add_params_to_uri(attempt.return_to, [*told.items(), *state.items()]))


def _google() -> OpenIDProvider:
    return provider_of(
        settings.GOOGLE_OAUTH_ISSUER, settings.GOOGLE_OAUTH_CLIENT_ID, settings.GOOGLE_OAUTH_CLIENT_SECRET
    )


@lru_cache(maxsize=4)
def provider_of(issuer: str, client_id: str, client_secret: str) -> OpenIDProvider:
    return OpenIDProvider(issuer=issuer, client_id=client_id, client_secret=client_secret)


def _callback() -> str:
    """As it is registered with Google: the site's own address, whatever name it was asked under."""
    return f"{settings.SITE_URL.rstrip('/')}{reverse('v1:auth:google-callback')}"


def _digest(secret: str) -> str:
    return salted_hmac("users.oauth", secret, algorithm="sha256").hexdigest()
