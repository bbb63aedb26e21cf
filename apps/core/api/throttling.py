"""DRF throttles on top of `Limiter`, for addresses whose every call counts."""

from typing import ClassVar

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from apps.core.api.addresses import client_address
from apps.core.api.limits import Limiter, Usage


class AddressThrottle(BaseThrottle):
    """So many calls a period from one address, or from who `key` names. Subclasses say how many of what."""

    group: ClassVar[str]
    period_s: ClassVar[int]
    setting: ClassVar[str]
    """Which one holds the limit."""

    def limit(self) -> int:
        """Read for each request, so that a setting can be changed without an import order."""
        return int(getattr(settings, self.setting))

    def key(self, request: Request) -> str:
        return client_address(request)

    def allow_request(self, request: Request, view: APIView) -> bool:
        limiter = Limiter(self.group, self.period_s)
        self._usage: Usage = limiter.count(request, key=self.key(request), limit=self.limit())
        return not self._usage.exceeded

    def wait(self) -> float | None:
        return self._usage.reset_s


class ReaderThrottle(AddressThrottle):
    """Readers by their address; who is signed in by their account, whatever others at the address do."""

    period_s = 60
    setting = "CONTENT_RATE"

    def key(self, request: Request) -> str:
        return f"user-{request.user.pk}" if request.user.is_authenticated else client_address(request)
