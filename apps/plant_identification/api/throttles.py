"""The identification limits at the door: looked at when a request comes, counted when it is accepted."""

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from apps.core.api.addresses import client_address
from apps.core.api.limits import Limiter, Usage, peek_all
from apps.core.api.problems import throttled_for, whole_seconds
from apps.plant_identification.exceptions import LimitReached
from apps.plant_identification.services.limits import HourlyLimit, hourly_limit
from apps.plant_identification.services.registry import registry

HOUR_S = 3_600
IDENTIFICATIONS = Limiter("identify", period_s=HOUR_S)
REFUSED_UPLOADS = Limiter("refused-uploads", period_s=HOUR_S)
_REQUEST_KEY = "plant_community.identify_limit"


class IdentifyThrottle(BaseThrottle):
    """Refuses who has no identification left, or has sent too many files that were no photos."""

    def __init__(self) -> None:
        self._wait_s: float | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        exceeded = [usage for usage in look_at_limits(request) if usage.exceeded]
        self._wait_s = max((usage.reset_s for usage in exceeded), default=None)
        return not exceeded

    def wait(self) -> float | None:
        return self._wait_s


def look_at_limits(request: Request) -> list[Usage]:
    """Of identifications, and of refused uploads."""
    mine = limit_of(request)
    return peek_all(
        request,
        [
            (IDENTIFICATIONS, mine.key, mine.limit),
            (REFUSED_UPLOADS, client_address(request), settings.REFUSED_UPLOAD_RATE),
        ],
    )


def count_identification(request: Request) -> None:
    """
    Raises:
        LimitReached: others took the last room while this request was on its way.
    """
    mine = limit_of(request)
    usage = IDENTIFICATIONS.count(request, key=mine.key, limit=mine.limit)
    if usage.exceeded:
        seconds = whole_seconds(usage.reset_s)
        raise LimitReached(throttled_for(seconds), retry_after_s=seconds)


def limit_of(request: Request) -> HourlyLimit:
    """What was said at the door holds until the request is counted."""
    mine: HourlyLimit | None = request.META.get(_REQUEST_KEY)
    if mine is None:
        mine = request.META[_REQUEST_KEY] = hourly_limit(registry(), request.user)
    return mine


def count_refused_upload(request: Request) -> None:
    REFUSED_UPLOADS.count(request, key=client_address(request), limit=settings.REFUSED_UPLOAD_RATE)
