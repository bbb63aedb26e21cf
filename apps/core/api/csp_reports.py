"""Where browsers tell what the content security policy of one of our pages has stopped."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.addresses import client_address
from apps.core.api.limits import Limiter
from apps.core.csp.reading import read_reports
from apps.core.csp.recording import REPORTS, record_violations

BODY_MAX_BYTES = 64 * 1024  # each report repeats the whole policy, and a browser sends several at once
PERIOD_S = 60
REPORTS_OF_ADDRESS = Limiter("csp-reports", PERIOD_S, is_told=False)


class CspReportParser(BaseParser):
    media_type = "application/csp-report"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        text = stream.read(BODY_MAX_BYTES + 1)
        if len(text) > BODY_MAX_BYTES:
            raise RequestDataTooBig
        try:
            return json.loads(text.decode())
        except (ValueError, RecursionError):
            raise ParseError(_("The request could not be read.")) from None


class ReportingApiParser(CspReportParser):
    media_type = "application/reports+json"


class CspReportView(APIView):
    """For browsers, which send it by themselves: nobody has to sign in, and nothing is said in return.

    More than `CSP_REPORT_RATE` a minute from one address are answered alike and thrown away: a browser that
    is refused only tries again.
    """

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (CspReportParser, ReportingApiParser)
    takes_no_key = "browsers send none, and the same report is counted once more, not kept twice"

    @extend_schema(
        operation_id="report_csp_violation",
        tags=["security"],
        request={
            CspReportParser.media_type: OpenApiTypes.OBJECT,
            ReportingApiParser.media_type: {"type": "array", "items": {"type": "object"}},
        },
        responses={204: OpenApiResponse(description="Heard.")},
    )
    def post(self, request: Request) -> Response:
        usage = REPORTS_OF_ADDRESS.count(request, key=client_address(request), limit=settings.CSP_REPORT_RATE)
        if usage.exceeded:
            REPORTS.labels("thrown_away").inc()
        else:
            record_violations(
                read_reports(
                    request.data, own_host=request.get_host(), other_origins=settings.CORS_ALLOWED_ORIGINS
                )
            )
        return Response(status=204)


app_name = "security"

urlpatterns = [path("csp-report/", CspReportView.as_view(), name="csp-report")]
