"""What every request is counted under."""

import time
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from apps.core.api.paths import classify
from apps.core.metrics.activity import ACTIVITY
from apps.core.metrics.definitions import counter, histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SITE, NOWHERE = "site", "none"  # pages and the editors' site; addresses that lead nowhere

REQUESTS = counter("http_requests_total", "Requests answered.", ["method", "route", "status"])
DURATION = histogram(
    "http_request_duration_seconds", "From arrival to answer.", ["method", "route", "status_class"]
)
RATE_LIMITED = counter("plant_id_rate_limit_exceeded_total", "Requests answered with 429.")
LEGACY = counter("legacy_api_requests_total", "Requests to addresses without a version.", ["client"])


class HttpMetricsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        method = request.method if request.method in METHODS else "OTHER"
        route, status = _route(request), response.status_code
        REQUESTS.labels(method, route, status).inc()
        DURATION.labels(method, route, f"{status // 100}xx").observe(time.perf_counter() - began)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            RATE_LIMITED.inc()
        ACTIVITY.note(request)
        return response


def _route(request: HttpRequest) -> str:
    """The name of an API's address, never the address itself: that may hold anything."""
    match = request.resolver_match
    if match is None:
        return NOWHERE
    return match.view_name if match.namespaces and classify(request.path_info) else SITE
