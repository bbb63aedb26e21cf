"""Who may identify. `settings.DEBUG` chooses, read when the request comes."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.views import APIView

SIGN_IN_FIRST = _(
    "Authentication required for plant identification. Please log in or create an account to identify plants."
)


def _is_signed_in(request: Request) -> bool:
    return bool(request.user and request.user.is_authenticated)


class IsAuthenticatedOrAnonymousWithStrictRateLimit(BasePermission):
    """Development: everybody; who is not signed in shares one small bucket (see the throttle)."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return True


class IsAuthenticatedForIdentification(BasePermission):
    """Production: looking is free, identifying needs an account."""

    message = SIGN_IN_FIRST

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or _is_signed_in(request)


class IsAuthenticatedOrReadOnlyWithRateLimit(IsAuthenticatedOrReadOnly):
    """Reading is free, writing needs an account; the view's throttle limits both."""


def identification_permission() -> BasePermission:
    if settings.DEBUG:
        return IsAuthenticatedOrAnonymousWithStrictRateLimit()
    return IsAuthenticatedForIdentification()
