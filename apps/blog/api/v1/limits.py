"""How often the blog may be read and written to."""

from django.conf import settings
from rest_framework.request import Request

from apps.core.api.addresses import client_address
from apps.core.api.throttling import AddressThrottle


class BlogThrottle(AddressThrottle):
    """Readers by their address; who is signed in by their account, whatever others at the address do."""

    group = "blog"
    period_s = 60

    def limit(self) -> int:
        return int(settings.CONTENT_RATE)

    def key(self, request: Request) -> str:
        return f"user-{request.user.pk}" if request.user.is_authenticated else client_address(request)


class ViewThrottle(AddressThrottle):
    """Of one address: nobody makes a post popular alone."""

    group = "post-views"
    period_s = 60

    def limit(self) -> int:
        return int(settings.POST_VIEW_RATE)
