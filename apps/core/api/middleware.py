"""What every answer below `/api/` says about its version, and what legacy addresses add to that."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import http_date
from django.utils.translation import gettext as _

from apps.core.api.clients import ClientVersion, client_version
from apps.core.api.limits import add_rate_limit_headers
from apps.core.api.paths import ApiPath, classify
from apps.core.api.problems import problem_response, status_problem
from apps.core.codes import ErrorCode
from apps.core.metrics.web import LEGACY

logger = logging.getLogger(__name__)


class ApiVersionMiddleware:
    """Version and deprecation headers; legacy addresses after their removal; clients that are too old."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = classify(request.path_info)
        if path is None:
            return self.get_response(request)
        client = client_version(request)
        if path.is_legacy:
            _count_legacy_use(request, client)
        response = _refusal(request, path, client) or self.get_response(request)
        response = _without_html(request, response)
        response["API-Version"] = path.version
        if path.successor is not None:
            _add_deprecation_headers(request, response, path.successor)
        add_rate_limit_headers(request, response)
        if request.META.get("HTTP_AUTHORIZATION") or request.META.get("HTTP_COOKIE"):
            # A cache that others share would hand it to them; one's own may ask whether it is still good.
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


def _refusal(request: HttpRequest, path: ApiPath, client: ClientVersion) -> HttpResponse | None:
    if path.is_legacy and settings.LEGACY_API_REMOVED:
        detail = _("This address is no longer served. Use %(address)s instead.") % {"address": path.successor}
        return problem_response(request, ErrorCode.GONE, detail)
    if path.is_versioned and client.is_too_old:
        detail = _("This version of the app is too old. Please update it: %(address)s") % {
            "address": settings.CLIENT_UPDATE_URL
        }
        response = problem_response(request, ErrorCode.CLIENT_TOO_OLD, detail)
        response["Link"] = f'<{settings.CLIENT_UPDATE_URL}>; rel="latest-version"'
        patch_vary_headers(response, ["X-Client-Version"])
        return response
    return None


def _without_html(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Django's own error pages, those for debugging among them, have no place in an API.

    A page that a view renders from a template is meant: what a link in a mail leads to.
    """
    is_page = response.get("Content-Type", "text/html").startswith("text/html")
    is_meant = isinstance(response, TemplateResponse)
    if response.status_code < HTTPStatus.BAD_REQUEST or is_meant or not is_page:
        return response
    problem = status_problem(request, response.status_code)
    response.content = problem.content
    response["Content-Type"] = problem["Content-Type"]
    del response["Content-Length"]
    del response["Content-Encoding"]  # the page may have been compressed
    return response


def _add_deprecation_headers(request: HttpRequest, response: HttpResponse, successor: str) -> None:
    query = request.META.get("QUERY_STRING", "")
    target = f"{successor}?{query}" if query else successor
    link = f'<{_header_safe(target)}>; rel="successor-version"'
    response["Deprecation"] = f"@{settings.LEGACY_API_DEPRECATED_AT}"
    response["Sunset"] = http_date(sunset_moment().timestamp())
    response["Link"] = f"{response['Link']}, {link}" if response.has_header("Link") else link


def sunset_moment() -> datetime:
    """The first instant of the day the legacy addresses may be gone."""
    return datetime.fromisoformat(settings.LEGACY_API_SUNSET).replace(tzinfo=UTC)


def _header_safe(url: str) -> str:
    return quote(url, safe="/?&=%:;,+-._~!$'()*@")


def _count_legacy_use(request: HttpRequest, client: ClientVersion) -> None:
    LEGACY.labels(client.name).inc()
    logger.info(
        "[API] Legacy address used by %s",
        client.name,
        extra={"event": "legacy_api_request", "client": client.name, "method": request.method},
    )
