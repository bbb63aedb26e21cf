"""Thin: read the request, call one service, write the answer."""

import contextlib
from itertools import repeat
from typing import Any, NoReturn

from django.http.request import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import (
    AuthenticationFailed,
    NotAuthenticated,
    PermissionDenied,
    ValidationError,
)
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.idempotency import OncePerKey
from apps.core.exceptions import DomainError, FieldError
from apps.core.languages import written_language
from apps.core.sentences import Sentence
from apps.plant_identification.api.health_serializers import HealthSerializer
from apps.plant_identification.api.languages import language_asked
from apps.plant_identification.api.options import IdentifyRequestSerializer, read_options
from apps.plant_identification.api.serializers import (
    IdentificationSerializer,
    QueuedIdentificationSerializer,
)
from apps.plant_identification.api.throttles import (
    IdentifyThrottle,
    count_identification,
    count_refused_upload,
)
from apps.plant_identification.api.uploads import UPLOAD_TURNS, BoundedMemoryUploadHandler, content_of
from apps.plant_identification.metrics import count_request
from apps.plant_identification.permissions import identification_permission
from apps.plant_identification.services.combined_identification_service import get_service
from apps.plant_identification.services.health import HEALTHY, UNHEALTHY, describe_health
from apps.plant_identification.services.photos import PhotoNotAccepted
from apps.plant_identification.services.records import Identification
from apps.plant_identification.services.registry import registry
from apps.plant_identification.types import AnswerStatus, Organ, Upload
from apps.users.public import ApiKeyScope, KeyAccess

PREFER_ASYNC = "respond-async"
STRICT = {"1": True, "true": True, "0": False, "false": False}


class IdentifyView(OncePerKey):
    """Name the plant on one to five photos.

    The photos are sent to two outside services, Plant.id and Pl@ntNet, without any metadata; coordinates are
    rounded to about one kilometre first.
    """

    api_key_access = KeyAccess(change=ApiKeyScope.IDENTIFY)
    parser_classes = [MultiPartParser]
    throttle_classes = [IdentifyThrottle]
    works_in_one_transaction = False  # it waits for the services

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Before anything reads the body: the CSRF check does so as part of authentication.
        request.upload_handlers = [BoundedMemoryUploadHandler(request)]
        count_request()
        with UPLOAD_TURNS.take() as self._turn:
            return super().dispatch(request, *args, **kwargs)

    def begin_to_wait(self) -> None:
        self._turn.give_back()

    def get_permissions(self) -> list[BasePermission]:
        return [identification_permission()]

    def permission_denied(
        self, request: Request, message: str | None = None, code: str | None = None
    ) -> NoReturn:
        if not request.user.is_authenticated:
            raise NotAuthenticated(message)
        super().permission_denied(request, message=message, code=code)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, PhotoNotAccepted):  # wherever the body was read
            count_refused_upload(self.request)
        return super().handle_exception(exc)

    @extend_schema(
        operation_id="identify_plant",
        request={"multipart/form-data": IdentifyRequestSerializer},
        responses={200: IdentificationSerializer, 202: QueuedIdentificationSerializer},
        parameters=[
            OpenApiParameter(
                "Prefer",
                str,
                OpenApiParameter.HEADER,
                description="`respond-async`: queue the photo where no service can answer now.",
            ),
            OpenApiParameter(
                "Preference-Applied",
                str,
                OpenApiParameter.HEADER,
                response=["202"],
                description=f"`{PREFER_ASYNC}`",
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        return _respond(self._identify(request))

    def _identify(self, request: Request) -> Identification:
        files = [*request.FILES.getlist("image"), *request.FILES.getlist("images")]
        language = language_asked(request)
        translation.activate(written_language(language))  # for errors too; the middleware takes it back
        options, organs = read_options(request.POST, language)
        if organs and files and len(organs) != len(files):
            message = Sentence("Send one organ for each photo, or none at all.")
            raise DomainError(message, errors=[FieldError("organs", "invalid", message)])
        uploads = [
            Upload(content=content_of(file), organ=organ)
            for file, organ in zip(files, organs or repeat(Organ.AUTO), strict=False)
        ]
        return get_service().identify_plant(
            uploads,
            options,
            request.user,
            count=lambda: count_identification(request),
            may_queue=PREFER_ASYNC in request.headers.get("Prefer", ""),
            keep=self.keeping(_respond),
            looked_up=self._turn.give_back,
        )


def _respond(identification: Identification) -> Response:
    document = identification.document
    if identification.record.status != AnswerStatus.QUEUED:
        return Response(document)
    return Response(
        {"id": document["id"], "status": document["status"], "links": document["links"]},
        status=202,
        headers={"Preference-Applied": PREFER_ASYNC, "Location": document["links"]["self"]},
    )


class IdentificationHealthView(APIView):
    """Whether photos can be identified right now."""

    api_key_access = KeyAccess()
    permission_classes = [AllowAny]

    def perform_authentication(self, request: Request) -> None:
        # Public: who is signed in no more, or has a key for other things, sees what everybody sees.
        with contextlib.suppress(AuthenticationFailed, PermissionDenied):
            super().perform_authentication(request)

    @extend_schema(
        responses={200: HealthSerializer, 503: HealthSerializer},
        parameters=[
            OpenApiParameter("strict", str, enum=tuple(STRICT), description="503 for anything but healthy."),
        ],
    )
    def get(self, request: Request) -> Response:
        document = describe_health(registry(), with_details=bool(request.user.is_staff))
        strict = STRICT.get(request.query_params.get("strict", "0"))
        if strict is None:
            raise ValidationError({"strict": [f"Choose one of {', '.join(STRICT)}."]})
        failed = document["status"] == UNHEALTHY or (strict and document["status"] != HEALTHY)
        return Response(document, status=503 if failed else 200, headers={"Cache-Control": "no-store"})
