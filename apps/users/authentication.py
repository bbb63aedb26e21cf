"""Who sends this request: a token in the header (mobile), or in a cookie together with CSRF (web)."""

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request
from rest_framework_simplejwt.tokens import Token

from apps.core.codes import ErrorCode
from apps.users.constants import ACCESS_COOKIE, REFRESH_COOKIE
from apps.users.exceptions import TokenRefused
from apps.users.models import User
from apps.users.selectors import is_confirmation_mandatory
from apps.users.services.tokens import user_of_access_token

WWW_AUTHENTICATE = 'Bearer realm="api"'
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
    scheme, _, raw = get_authorization_header(request).strip().partition(b" ")
    return raw.strip() if scheme.lower() == b"bearer" else None


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
