"""What anybody would write who wanted an upload counted, recorded and answered, and nothing else."""

import os
from functools import cache
from pathlib import Path

from django.http import HttpResponse
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication

from apps.core.redis import get_redis
from benchmarks.bare.models import BareRecord

COUNTED = "bare:counted"


@cache
def kept_answer() -> bytes:
    return Path(os.environ["BARE_ANSWER"]).read_bytes()


class BareUploadView(APIView):
    """Takes the upload, reads the user, counts once in Redis, inserts one row, returns the same bytes."""

    authentication_classes = [JWTAuthentication]
    parser_classes = [MultiPartParser]

    def post(self, request: Request) -> HttpResponse:
        photo = request.FILES["image"].read()
        redis = get_redis()
        assert redis is not None
        redis.incr(COUNTED)
        BareRecord.objects.create(owner_id=request.user.pk, size_bytes=len(photo))
        return HttpResponse(kept_answer(), content_type="application/json")


class BareReadView(APIView):
    """Reads the user and one row."""

    authentication_classes = [JWTAuthentication]

    def get(self, request: Request) -> HttpResponse:
        BareRecord.objects.filter(owner=request.user.pk).order_by("-pk").first()
        return HttpResponse(kept_answer(), content_type="application/json")
