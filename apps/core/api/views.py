from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.middleware import sunset_moment


class ApiVersionSerializer(serializers.Serializer[Any]):
    version = serializers.CharField()
    path = serializers.CharField()
    state = serializers.ChoiceField(choices=["current", "deprecated", "removed"])
    deprecated_at = serializers.DateTimeField(allow_null=True)
    sunset_at = serializers.DateTimeField(allow_null=True)


class ClientRequirementsSerializer(serializers.Serializer[Any]):
    min_version = serializers.CharField(help_text="Older ones are answered 403 `client_too_old`.")
    update_url = serializers.URLField()


class PhotoLimitsSerializer(serializers.Serializer[Any]):
    max_photos = serializers.IntegerField()
    max_photo_bytes = serializers.IntegerField()
    max_request_bytes = serializers.IntegerField()
    deadline_s = serializers.IntegerField(help_text="No identification takes longer than this.")


class IdentificationsPerHourSerializer(serializers.Serializer[Any]):
    anonymous = serializers.IntegerField(help_text="All of them together; 0 where sign-in is needed.")
    free = serializers.IntegerField()
    pro = serializers.IntegerField()
    premium = serializers.IntegerField()
    enterprise = serializers.IntegerField()


class LimitsSerializer(serializers.Serializer[Any]):
    photos = PhotoLimitsSerializer()
    identifications_per_hour = IdentificationsPerHourSerializer()
    page_size_max = serializers.IntegerField()


class LanguagesSerializer(serializers.Serializer[Any]):
    """ISO 639-1."""

    texts = serializers.ListField(
        child=serializers.CharField(),
        help_text="What our sentences are written in; see `Accept-Language`.",
    )
    common_names = serializers.ListField(
        child=serializers.CharField(), help_text="What an identification takes as `language`."
    )


class SignInWaysSerializer(serializers.Serializer[Any]):
    google = serializers.BooleanField()


class MetaSerializer(serializers.Serializer[Any]):
    version = serializers.CharField(help_text="The version that answered.")
    versions = ApiVersionSerializer(many=True)
    client = ClientRequirementsSerializer()
    limits = LimitsSerializer()
    languages = LanguagesSerializer()
    sign_in = SignInWaysSerializer(help_text="Which services one can sign in with, beside a password.")


class MetaView(APIView):
    """Which versions of the API there are, which clients they take, and how much of what they allow."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses=MetaSerializer, tags=["meta"])
    def get(self, request: Request) -> Response:
        meta = {
            "version": request.version,
            "versions": _versions(),
            "client": {"min_version": settings.MIN_CLIENT_VERSION, "update_url": settings.CLIENT_UPDATE_URL},
            "limits": {**settings.API_LIMITS, "identifications_per_hour": _identification_rates()},
            "languages": settings.API_LANGUAGES,
            "sign_in": {"google": bool(settings.GOOGLE_OAUTH_CLIENT_ID)},
        }
        return Response(meta)  # built here in the shape the serializer describes


def _versions() -> list[dict[str, Any]]:
    current = {"state": "current", "deprecated_at": None, "sunset_at": None}
    return [
        {"version": "v1", "path": "/api/v1/", **current},
        {"version": "v2", "path": "/api/v2/", **current},
        {
            "version": "unversioned",
            "path": "/api/",
            "state": "removed" if settings.LEGACY_API_REMOVED else "deprecated",
            "deprecated_at": datetime.fromtimestamp(settings.LEGACY_API_DEPRECATED_AT, tz=UTC),
            "sunset_at": sunset_moment(),
        },
    ]


def _identification_rates() -> dict[str, int]:
    return {
        "anonymous": settings.IDENTIFY_RATE_ANONYMOUS if settings.DEBUG else 0,
        "free": settings.IDENTIFY_RATE_FREE,
        "pro": settings.IDENTIFY_RATE_PRO,
        "premium": settings.IDENTIFY_RATE_PREMIUM,
        "enterprise": settings.IDENTIFY_RATE_ENTERPRISE,
    }
