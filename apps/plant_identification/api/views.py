"""Thin: read the request, call one service, write the answer."""

import contextlib
from typing import Any, NoReturn
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.http.request import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.exceptions import DomainError, FieldError
from apps.plant_identification.api.health_serializers import HealthSerializer
from apps.plant_identification.api.serializers import (
    HistoryEntrySerializer,
    IdentificationSerializer,
    IdentifyOptionsSerializer,
    IdentifyRequestSerializer,
    QueuedIdentificationSerializer,
    RequestEntrySerializer,
)
from apps.plant_identification.api.throttles import (
    IdentifyThrottle,
    count_identification,
    count_refused_upload,
)
from apps.plant_identification.api.uploads import BoundedMemoryUploadHandler
from apps.plant_identification.models import PlantIdentificationRequest
from apps.plant_identification.permissions import identification_permission
from apps.plant_identification.selectors import get_request, list_requests
from apps.plant_identification.services.combined_identification_service import get_service
from apps.plant_identification.services.completion import complete_answer
from apps.plant_identification.services.health import HEALTHY, UNHEALTHY, describe_health
from apps.plant_identification.services.photos import PhotoNotAccepted
from apps.plant_identification.services.records import Identification, describe
from apps.plant_identification.services.registry import registry
from apps.plant_identification.types import AnswerStatus, Organ, Upload

PREFER_ASYNC = "respond-async"


class IdentifyView(APIView):
    """Name the plant on one to five photos.

    The photos are sent to two outside services, Plant.id and Pl@ntNet, without any metadata; coordinates are
    rounded to about one kilometre first.
    """

    parser_classes = [MultiPartParser]
    throttle_classes = [IdentifyThrottle]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Before anything reads the body: the CSRF check does so as part of authentication.
        request.upload_handlers = [BoundedMemoryUploadHandler(request)]
        return super().dispatch(request, *args, **kwargs)

    def get_permissions(self) -> list[BasePermission]:
        return [identification_permission()]

    def permission_denied(
        self, request: Request, message: str | None = None, code: str | None = None
    ) -> NoReturn:
        if not request.user.is_authenticated:
            raise NotAuthenticated(message)
        super().permission_denied(request, message=message, code=code)

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
        ],
    )
    def post(self, request: Request) -> Response:
        try:
            identification = self._identify(request)
        except PhotoNotAccepted:
            count_refused_upload(request)
            raise
        if identification.record.status == AnswerStatus.QUEUED:
            return _accepted(identification)
        return Response(identification.document)

    def _identify(self, request: Request) -> Identification:
        files = [*request.FILES.getlist("image"), *request.FILES.getlist("images")]
        form = IdentifyOptionsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        organs = form.validated_data.get("organs") or [Organ.AUTO] * len(files)
        if len(organs) != len(files) and files:
            message = "Send one organ for each photo, or none at all."
            raise DomainError(message, errors=[FieldError("organs", "invalid", message)])
        uploads = [
            Upload(content=file.read(), organ=Organ(organ))
            for file, organ in zip(files, organs, strict=False)
        ]
        return get_service().identify_plant(
            uploads,
            form.to_options(),
            request.user,
            count=lambda: count_identification(request),
            may_queue=PREFER_ASYNC in request.headers.get("Prefer", ""),
        )


def _accepted(identification: Identification) -> Response:
    document = identification.document
    return Response(
        {"id": document["id"], "status": document["status"], "links": document["links"]},
        status=202,
        headers={"Preference-Applied": PREFER_ASYNC, "Location": document["links"]["self"]},
    )


class _OwnRequestsView(ListAPIView[PlantIdentificationRequest]):
    permission_classes = [IsAuthenticated]

    def get_queryset(self) -> QuerySet[PlantIdentificationRequest]:
        return list_requests(self.request.user)


class RequestListView(_OwnRequestsView):
    """One's own identifications, newest first."""

    serializer_class = RequestEntrySerializer


class HistoryView(_OwnRequestsView):
    """The short list: what was identified when."""

    serializer_class = HistoryEntrySerializer


class RequestDetailView(APIView):
    """One identification, with what arrived since it was answered.

    Who is not signed in reaches an identification made without signing in, by its unguessable id alone.
    """

    permission_classes = [AllowAny]

    @extend_schema(operation_id="get_identification", responses=IdentificationSerializer)
    def get(self, request: Request, request_id: UUID) -> Response:
        record = get_request(request.user, request_id)
        if record is None:
            raise Http404
        if record.answer is None:
            return Response(describe(record, None).document)
        answer = complete_answer(registry(), record.answer)
        return Response(describe(record, answer.document).document)


class IdentificationHealthView(APIView):
    """Whether photos can be identified right now."""

    permission_classes = [AllowAny]

    def perform_authentication(self, request: Request) -> None:
        # Public: somebody whose sign-in has ended sees what everybody sees.
        with contextlib.suppress(AuthenticationFailed):
            super().perform_authentication(request)

    @extend_schema(
        responses={200: HealthSerializer, 503: HealthSerializer},
        parameters=[OpenApiParameter("strict", bool, description="503 for anything but healthy.")],
    )
    def get(self, request: Request) -> Response:
        document = describe_health(registry(), with_details=bool(request.user.is_staff))
        strict = request.query_params.get("strict") in {"1", "true"}
        failed = document["status"] == UNHEALTHY or (strict and document["status"] != HEALTHY)
        return Response(document, status=503 if failed else 200, headers={"Cache-Control": "no-store"})
