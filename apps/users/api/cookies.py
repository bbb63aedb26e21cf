"""The sign-in cookies of the web: out of reach for scripts, not sent along from strange pages."""

from typing import Literal

from django.conf import settings
from django.http import HttpResponseBase
from rest_framework.response import Response

from apps.users.constants import (
    ACCESS_COOKIE,
    ACCESS_COOKIE_PATH,
    DEVICE_COOKIE,
    DEVICE_LIFETIME,
    OAUTH_ATTEMPT_LIFETIME,
    OAUTH_COOKIE,
    OAUTH_COOKIE_PATH,
    REFRESH_COOKIE,
    REFRESH_COOKIE_PATH,
)
from apps.users.types import TokenPair

SAME_SITE: Literal["Lax"] = "Lax"


def set_sign_in_cookies(response: Response, tokens: TokenPair) -> None:
    for name, value, path, lifetime in (
        (ACCESS_COOKIE, tokens.access, ACCESS_COOKIE_PATH, settings.JWT_ACCESS_TOKEN_LIFETIME),
        (REFRESH_COOKIE, tokens.refresh, REFRESH_COOKIE_PATH, settings.JWT_REFRESH_TOKEN_LIFETIME),
    ):
        response.set_cookie(
            name,
            value,
            max_age=lifetime,
            path=path,
            secure=not settings.DEBUG,
            httponly=True,
            samesite=SAME_SITE,
        )


def set_device_cookie(response: HttpResponseBase, token: str) -> None:
    """It signs nobody in, and stays when somebody signs out."""
    response.set_cookie(
        DEVICE_COOKIE,
        token,
        max_age=DEVICE_LIFETIME,
        secure=not settings.DEBUG,
        httponly=True,
        samesite=SAME_SITE,
    )


def clear_sign_in_cookies(response: Response) -> None:
    response.delete_cookie(ACCESS_COOKIE, path=ACCESS_COOKIE_PATH, samesite=SAME_SITE)
    response.delete_cookie(REFRESH_COOKIE, path=REFRESH_COOKIE_PATH, samesite=SAME_SITE)


def set_oauth_cookie(response: Response, browser: str) -> None:
    """Comes back with the browser from another site, which `Lax` allows and `Strict` would not."""
    response.set_cookie(
        OAUTH_COOKIE,
        browser,
        max_age=OAUTH_ATTEMPT_LIFETIME,
        path=OAUTH_COOKIE_PATH,
        secure=not settings.DEBUG,
        httponly=True,
        samesite=SAME_SITE,
    )


def clear_oauth_cookie(response: Response) -> None:
    response.delete_cookie(OAUTH_COOKIE, path=OAUTH_COOKIE_PATH, samesite=SAME_SITE)
