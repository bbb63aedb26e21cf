"""Who is at the other end of a request that has to do with signing in."""

import re

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework_simplejwt.tokens import Token

from apps.core.api.addresses import client_address
from apps.core.api.clients import OTHER_CLIENT, client_version
from apps.users.authentication import CookieAuthentication
from apps.users.constants import CLIENT_NAME_MAX_LENGTH, DEVICE_COOKIE, DEVICE_HEADER
from apps.users.services.tokens import SESSION_CLAIM
from apps.users.types import Client, Delivery

USER_AGENT_MAX_LENGTH = 512

# The first that is found counts: most browsers also name those they are like.
_PROGRAMS = (
    (r"Edg(e|A|iOS)?/", "Edge"),
    (r"OPR/|Opera", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrome/|CriOS/", "Chrome"),
    (r"Safari/", "Safari"),
    (r"Dart/|okhttp/|CFNetwork/", "App"),
    (r"curl/|Wget/|python|Postman", "Script"),
)
_SYSTEMS = (
    (r"iPhone|iPad|iOS", "iOS"),
    (r"Android", "Android"),
    (r"CrOS", "ChromeOS"),
    (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh|Darwin", "macOS"),
    (r"Linux", "Linux"),
)


def client_of(request: Request | HttpRequest) -> Client:
    user_agent = request.headers.get("User-Agent", "")[:USER_AGENT_MAX_LENGTH]
    return Client(
        address=client_address(request),
        user_agent=user_agent,
        name=_name(request, user_agent)[:CLIENT_NAME_MAX_LENGTH],
        device=request.COOKIES.get(DEVICE_COOKIE) or request.headers.get(DEVICE_HEADER, ""),
    )


def session_id_of(request: Request) -> str | None:
    """Of the sign-in that a request belongs to."""
    return request.auth.get(SESSION_CLAIM) if isinstance(request.auth, Token) else None


def delivery_of(request: Request) -> Delivery:
    """As the request's own token came, so goes the next."""
    came_by_cookie = isinstance(request.successful_authenticator, CookieAuthentication)
    return Delivery.COOKIES if came_by_cookie else Delivery.TOKENS


def _name(request: Request | HttpRequest, user_agent: str) -> str:
    """Of our own words only: what a client writes about itself is shown to nobody."""
    own = client_version(request).name
    program = own if own != OTHER_CLIENT else _first(_PROGRAMS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    return " on ".join(word for word in (program, system) if word)


def _first(words: tuple[tuple[str, str], ...], text: str) -> str:
    return next((word for pattern, word in words if re.search(pattern, text)), "")
