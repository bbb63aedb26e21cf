from http import HTTPStatus
from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

SELF = "'self'"
EDITORS_PREFIX = "/cms/"
REPORT_GROUP = "csp"


class SecurityHeadersMiddleware(CSPMiddleware):  # type: ignore[misc]
    """The content security policy of the part of the site that is visited, and what belongs to it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        # Pictures that others show on their pages say so themselves.
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return response  # the browser keeps the page's own, which knows what its view has added
        if not response.get("Content-Type", "text/html").startswith("text/html"):
            response.setdefault(HEADER, settings.DATA_CONTENT_SECURITY_POLICY)
            return response
        response.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        if _may_use_reporting_api(request):
            response.setdefault("Reporting-Endpoints", f'{REPORT_GROUP}="{settings.CSP_REPORT_PATH}"')
        page: HttpResponseBase = super().process_response(request, response)
        return page

    def get_policy_parts(self, request: HttpRequest, response: HttpResponseBase, **rest: Any) -> PolicyParts:
        parts: PolicyParts = super().get_policy_parts(request, response, **rest)
        if rest.get("report_only"):
            return parts
        if request.path_info.startswith(EDITORS_PREFIX):
            parts.config = settings.EDITORS_CONTENT_SECURITY_POLICY
        if getattr(request, "is_preview", False):  # shown in a frame of the editor, by the page's own policy
            parts.replace = {**(parts.replace or {}), "frame-ancestors": [SELF]}
        if _may_use_reporting_api(request):
            parts.update = {**(parts.update or {}), "report-to": [REPORT_GROUP]}
        return parts


def _may_use_reporting_api(request: HttpRequest) -> bool:
    """Browsers hear of its addresses over https only; who finds `report-to` looks at nothing else."""
    return request.is_secure()
