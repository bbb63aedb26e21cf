"""Who sends this request: a token in the header (mobile), or in a cookie with CSRF (web), or an API key."""

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.request import Request
from rest_framework_simplejwt.tokens import Token

from apps.core.api.limits import Limiter
from apps.core.codes import ErrorCode
from apps.users.constants import ACCESS_COOKIE, API_KEY_PERIOD_S, REFRESH_COOKIE
from apps.users.exceptions import ApiKeyExpired, ApiKeyRefused, TokenRefused
from apps.users.models import ApiKey, User
from apps.users.permissions import scope_needed
from apps.users.selectors import is_confirmation_mandatory
from apps.users.services.api_keys import find_api_key, note_use
from apps.users.services.tokens import user_of_access_token

WWW_AUTHENTICATE = 'Bearer realm="api"'
API_KEY_SCHEME = b"api-key"
KEY_REQUESTS = Limiter("api-key", API_KEY_PERIOD_S)
CLOSED_TO_KEYS = _("API keys do not open this address: sign in.")
CSRF_DETAIL = _("The CSRF token is missing or wrong. Fetch one from auth/csrf/ and send it as X-CSRFToken.")


class BearerAuthentication(BaseAuthentication):
    """Comes first and wins: a bad token is refused even when a good cookie came along."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        raw = bearer_token_of(request)
        return None if raw is None else _signed_in_by(raw)

    def authenticate_header(self, request: Request) -> str:
        return WWW_AUTHENTICATE


class CookieAuthentication(BaseAuthentication):
    """The browser sends the cookie by itself, so whoever changes something must show the CSRF token too."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        raw = request.COOKIES.get(ACCESS_COOKIE)
        if not raw:
            return None
        signed_in = _signed_in_by(raw)
        require_csrf_token(request)
        return signed_in

    def authenticate_header(self, request: Request) -> str:
        return WWW_AUTHENTICATE


class ApiKeyAuthentication(BaseAuthentication):
    """What a key may do is decided here, so that no view's own permissions can forget to ask."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        raw = _credentials_of(request, API_KEY_SCHEME)
        if raw is None:
            return None
        try:
            key = find_api_key(text=raw.decode("latin-1"))
        except (ApiKeyRefused, ApiKeyExpired) as exc:
            raise AuthenticationFailed(str(exc.detail)) from None
        _require_scope(request, key)
        _count_request(request, key)
        note_use(key=key)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return WWW_AUTHENTICATE


class CookiesNeedCsrf(BaseAuthentication):
    """For views that read the sign-in cookies themselves: nobody is signed in by it."""

    def authenticate(self, request: Request) -> None:
        if ACCESS_COOKIE in request.COOKIES or REFRESH_COOKIE in request.COOKIES:
            require_csrf_token(request)

    def authenticate_header(self, request: Request) -> str:
        return WWW_AUTHENTICATE


class SignInNeedsCsrf(BaseAuthentication):
    """For signing in with cookies: else a strange page could sign its visitors in to a strange account."""

    def authenticate(self, request: Request) -> None:
        require_csrf_token(request)

    def authenticate_header(self, request: Request) -> str:
        return WWW_AUTHENTICATE


class RegistrationNeedsCsrf(SignInNeedsCsrf):
    """Only where registering signs in: else no cookie is read or set, and there is nothing to forge."""

    def authenticate(self, request: Request) -> None:
        if not is_confirmation_mandatory():
            super().authenticate(request)


def bearer_token_of(request: Request) -> bytes | None:
    return _credentials_of(request, b"bearer")


def _credentials_of(request: Request, wanted: bytes) -> bytes | None:
    scheme, _, raw = get_authorization_header(request).strip().partition(b" ")
    return raw.strip() if scheme.lower() == wanted else None


def _require_scope(request: Request, key: ApiKey) -> None:
    needed = scope_needed(request.parser_context.get("view"), request.method or "")
    if needed is None:
        raise PermissionDenied(CLOSED_TO_KEYS)
    if needed not in key.scopes:
        detail = gettext("This API key lacks the scope `%(scope)s`, which this needs.")
        raise PermissionDenied(detail % {"scope": needed})


def _count_request(request: Request, key: ApiKey) -> None:
    """Beside the limits of its owner, which count as for any other request of theirs."""
    usage = KEY_REQUESTS.count(request, key=f"key-{key.pk}", limit=settings.API_KEY_RATE)
    if usage.exceeded:
        raise Throttled(usage.reset_s)


def _signed_in_by(raw: str | bytes) -> tuple[User, Token]:
    try:
        return user_of_access_token(raw=raw)
    except TokenRefused as exc:
        # The kind for which DRF leaves nobody signed in.
        raise AuthenticationFailed(str(exc.detail)) from None


def require_csrf_token(request: Request) -> None:
    """
    Raises:
        PermissionDenied: the method changes something, and cookie and token do not belong together.
    """
    try:
        SessionAuthentication().enforce_csrf(request)
    except PermissionDenied:
        raise PermissionDenied(CSRF_DETAIL, code=ErrorCode.CSRF_FAILED) from None
