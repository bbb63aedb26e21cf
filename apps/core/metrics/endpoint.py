"""`/metrics`, for Prometheus alone."""

import hmac
import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from prometheus_client import CONTENT_TYPE_LATEST

from apps.core.metrics.scrape import scrape

PATH = "/metrics"


class MetricsEndpointMiddleware:
    """Answers before anything looks at host names or https: Prometheus calls by an inside address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info != PATH:
            return self.get_response(request)
        response = _answer(request)
        response["Cache-Control"] = "no-store"
        return response


def _answer(request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    if settings.METRICS_TOKEN:
        if not _has_token(request):
            headers = {"WWW-Authenticate": 'Bearer realm="metrics"'}
            return HttpResponse("METRICS_TOKEN is needed.\n", "text/plain", 401, headers=headers)
    elif not _is_this_machine(request):
        return HttpResponse("Only for this machine.\n", "text/plain", 403)
    return HttpResponse(scrape(), CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, offered = request.headers.get("Authorization", "").partition(" ")
    is_right = hmac.compare_digest(offered.strip().encode(), settings.METRICS_TOKEN.encode())
    return is_right and scheme.lower() == "bearer"


def _is_this_machine(request: HttpRequest) -> bool:
    """Behind a proxy on this machine everybody has its address; a proxy says that it is one."""
    if "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
