"""Telling how long a deletion can be taken back."""

from datetime import datetime

from django.utils.http import http_date
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

RESTORABLE_UNTIL = OpenApiParameter(
    "Restorable-Until",
    str,
    OpenApiParameter.HEADER,
    response=["204"],
    description="An HTTP date: until then `restore/` takes the deletion back.",
)


def deleted_until(moment: datetime) -> Response:
    return Response(status=204, headers={RESTORABLE_UNTIL.name: http_date(moment.timestamp())})
