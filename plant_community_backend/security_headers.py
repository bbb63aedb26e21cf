from http import HTTPStatus
from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

ADMIN_PREFIXES = ("/cms/", "/admin/")


class SecurityHeadersMiddleware(CSPMiddleware):  # type: ignore[misc]
    """The content security policy of the part of the site that is visited, and `Permissions-Policy`."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return response  # the browser keeps the page's own, which knows what its view has added
        if not response.get("Content-Type", "text/html").startswith("text/html"):
            response.setdefault(HEADER, settings.DATA_CONTENT_SECURITY_POLICY)
            return response
        response.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        page: HttpResponseBase = super().process_response(request, response)
        return page

    def get_policy_parts(self, request: HttpRequest, response: HttpResponseBase, **rest: Any) -> PolicyParts:
        parts: PolicyParts = super().get_policy_parts(request, response, **rest)
        if not rest.get("report_only") and request.path_info.startswith(ADMIN_PREFIXES):
            parts.config = settings.ADMIN_CONTENT_SECURITY_POLICY
        return parts
