"""One's own API keys. They are managed by a person who is signed in, never with a key."""

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.idempotency import OncePerKey
from apps.core.api.problems import PROBLEM_CONTENT_TYPE
from apps.core.api.schema import API_KEY_SCHEME, ProblemSerializer
from apps.core.links import link_to
from apps.users.api.clients import client_of
from apps.users.api.schema_parts import TAGS
from apps.users.constants import API_KEY_DAYS, API_KEY_DAYS_MAX
from apps.users.exceptions import ApiKeyNotFound
from apps.users.models import ApiKey, User
from apps.users.models.api_keys import NAME_MAX_LENGTH
from apps.users.permissions import scope_needed
from apps.users.selectors import get_api_key, list_api_keys
from apps.users.services.api_keys import ShownKey, create_api_key, revoke_api_key, rotate_api_key
from apps.users.types import ApiKeyScope

SCOPES = [str(scope) for scope in ApiKeyScope]


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Stands only at operations that are open to keys, and names the scope."""

    target_class = "apps.users.authentication.ApiKeyAuthentication"
    name = API_KEY_SCHEME

    def get_security_requirement(self, auto_schema: AutoSchema) -> Any:
        scope = scope_needed(auto_schema.view, auto_schema.method)
        return scope and {self.name: [str(scope)]}

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Authorization: Api-Key pck_…`, for scripts and partners; see `auth/api-keys/`. "
            "An operation names the scope a key needs. Where none is named, keys are refused with 403.",
        }


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    beginning = serializers.CharField(read_only=True, help_text="What the key begins with.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), read_only=True)
    last_used_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Written once a minute at most."
    )
    previous_until = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="Until then the secret before the last rotation works, too.",
    )
    links = serializers.SerializerMethodField()

    class Meta:
        model = ApiKey
        fields = [
            "id",
            "name",
            "beginning",
            "scopes",
            "created_at",
            "expires_at",
            "last_used_at",
            "previous_until",
            "links",
        ]
        read_only_fields = fields

    def get_links(self, key: ApiKey) -> dict[str, str]:
        return {
            "self": link_to("v1:auth:api-key-detail", key.pk),
            "rotate": link_to("v1:auth:api-key-rotate", key.pk),
        }


class ShownApiKeySerializer(ApiKeySerializer):
    key = serializers.SerializerMethodField(help_text="The whole key. Keep it now: it is never shown again.")

    class Meta(ApiKeySerializer.Meta):
        fields = ["key", *ApiKeySerializer.Meta.fields]
        read_only_fields = fields

    def get_key(self, key: ApiKey) -> str:
        return cast("str", self.context["text"])


class ApiKeyLifeSerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField(
        min_value=1, max_value=API_KEY_DAYS_MAX, default=API_KEY_DAYS, help_text="How long it is good for."
    )


class ApiKeyRequestSerializer(ApiKeyLifeSerializer):
    name = serializers.CharField(max_length=NAME_MAX_LENGTH, help_text="What it is for.")
    scopes = serializers.MultipleChoiceField(
        choices=SCOPES,
        allow_empty=False,
        help_text="`read`: look at what is one's own. `identify`: identify plants. `write`: change the rest.",
    )


class ApiKeyRotationSerializer(ApiKeyLifeSerializer):
    immediately = serializers.BooleanField(
        default=False, help_text="The old secret ends at once, and not after an hour."
    )


@method_decorator(never_cache, name="dispatch")
class ApiKeyListView(OncePerKey, ListAPIView[ApiKey]):
    """One's own API keys, newest first, without their secrets."""

    permission_classes = [IsAuthenticated]
    serializer_class = ApiKeySerializer
    filter_backends = []
    tells_secrets = True

    def get_queryset(self) -> QuerySet[ApiKey]:
        return list_api_keys(user=_person(self.request))

    @extend_schema(operation_id="list_api_keys", tags=TAGS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="create_api_key",
        tags=TAGS,
        request=ApiKeyRequestSerializer,
        responses={201: ShownApiKeySerializer, (409, PROBLEM_CONTENT_TYPE): ProblemSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a key. The answer shows it whole, this once."""
        form = ApiKeyRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        body = _shown(create_api_key(user=_person(request), client=client_of(request), **form.validated_data))
        return Response(body, status=201, headers={"Location": body["links"]["self"]})


@method_decorator(never_cache, name="dispatch")
class ApiKeyDetailView(APIView):
    """One of one's own API keys."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="get_api_key", tags=TAGS, responses=ApiKeySerializer)
    def get(self, request: Request, key_id: UUID) -> Response:
        key = get_api_key(user=_person(request), key_id=key_id)
        if key is None:
            raise ApiKeyNotFound
        return Response(ApiKeySerializer(key).data)

    @extend_schema(operation_id="revoke_api_key", tags=TAGS, responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Revoke it: it is refused from now on, and so is what it was before a rotation."""
        revoke_api_key(user=_person(request), key_id=key_id, client=client_of(request))
        return Response(status=204)


@method_decorator(never_cache, name="dispatch")
class ApiKeyRotateView(OncePerKey):
    permission_classes = [IsAuthenticated]
    tells_secrets = True

    @extend_schema(
        operation_id="rotate_api_key",
        tags=TAGS,
        request=ApiKeyRotationSerializer,
        responses=ShownApiKeySerializer,
    )
    def post(self, request: Request, key_id: UUID) -> Response:
        """A new secret, shown this once. The old one works for another hour, unless told otherwise."""
        form = ApiKeyRotationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        shown = rotate_api_key(
            user=_person(request), key_id=key_id, client=client_of(request), **form.validated_data
        )
        return Response(_shown(shown))


def _person(request: Request) -> User:
    return cast("User", request.user)


def _shown(shown: ShownKey) -> dict[str, Any]:
    return ShownApiKeySerializer(shown.key, context={"text": shown.text}).data
