"""One's own identifications: thin over selectors and services."""

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.filtering import FilterBackend
from apps.core.api.sparse import SparseReads
from apps.core.api.undo import RESTORABLE_UNTIL, deleted_until
from apps.core.languages import written_language
from apps.plant_identification.api.filters import CreationOrdering, RequestFilter
from apps.plant_identification.api.serializers import (
    HistoryEntrySerializer,
    IdentificationSerializer,
    RequestEntrySerializer,
)
from apps.plant_identification.exceptions import RecordNotFound
from apps.plant_identification.models import PlantIdentificationRequest
from apps.plant_identification.selectors import get_request, list_history, list_requests
from apps.plant_identification.services.completion import complete_answer
from apps.plant_identification.services.deletion import delete_record, restore_record
from apps.plant_identification.services.records import describe
from apps.plant_identification.services.registry import registry
from apps.users.public import KeyAccess


class _OwnRequestsView(SparseReads, ListAPIView[PlantIdentificationRequest]):
    permission_classes = [IsAuthenticated]
    filter_backends = [FilterBackend, CreationOrdering]
    filterset_class = RequestFilter

    def get_queryset(self) -> QuerySet[PlantIdentificationRequest]:
        return list_requests(self.request.user)


class RequestListView(_OwnRequestsView):
    """One's own identifications, newest first."""

    api_key_access = KeyAccess()
    serializer_class = RequestEntrySerializer


class HistoryView(_OwnRequestsView):
    """The short list: what was identified when."""

    api_key_access = KeyAccess()
    serializer_class = HistoryEntrySerializer

    def get_queryset(self) -> QuerySet[PlantIdentificationRequest]:
        return list_history(self.request.user)


class RequestDetailView(SparseReads):
    """One identification, with what arrived since it was answered.

    Who is not signed in reaches an identification made without signing in, by its unguessable id alone.
    """

    api_key_access = KeyAccess()
    permission_classes = [AllowAny]
    shown_by = IdentificationSerializer

    @extend_schema(operation_id="get_identification", responses=IdentificationSerializer)
    def get(self, request: Request, request_id: UUID) -> Response:
        record = get_request(request.user, request_id)
        if record is None:
            raise RecordNotFound
        return _answer(record)

    @extend_schema(
        operation_id="delete_identification",
        responses={204: None},
        parameters=[RESTORABLE_UNTIL],
    )
    def delete(self, request: Request, request_id: UUID) -> Response:
        """Gone at once for everybody; for good, with its photos, when the time for undoing is over."""
        until = delete_record(user=request.user, request_id=request_id)
        return deleted_until(until)


class RestoreView(APIView):
    """Takes a deletion back, for a few minutes. Safe to repeat."""

    api_key_access = KeyAccess()
    permission_classes = [AllowAny]  # whoever may see the record: its owner
    repeatable = "what is restored stays restored"

    @extend_schema(operation_id="restore_identification", request=None, responses=IdentificationSerializer)
    def post(self, request: Request, request_id: UUID) -> Response:
        return _answer(restore_record(user=request.user, request_id=request_id))


def _answer(record: PlantIdentificationRequest) -> Response:
    if record.answer is None:
        document = describe(record, None).document
    else:
        document = describe(record, complete_answer(registry(), record.answer).document).document
    # It was written when it was asked for, whoever reads it now.
    return Response(document, headers={"Content-Language": written_language(record.options["language"])})
