from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.problems import PROBLEM_CONTENT_TYPE
from apps.core.api.schema import ProblemSerializer
from apps.plant_identification.api.record_serializers import FeedbackRequestSerializer, FeedbackSerializer
from apps.plant_identification.exceptions import RecordNotFound
from apps.plant_identification.selectors import get_feedback
from apps.plant_identification.services.feedback import give_feedback, withdraw_feedback
from apps.users.public import KeyAccess


class FeedbackView(APIView):
    """What its owner says of an identification: right, wrong, or what it is instead."""

    api_key_access = KeyAccess()
    permission_classes = [AllowAny]  # whoever may see the record: its owner

    @extend_schema(operation_id="get_feedback", responses=FeedbackSerializer)
    def get(self, request: Request, request_id: UUID) -> Response:
        feedback = get_feedback(request.user, request_id)
        if feedback is None:
            raise RecordNotFound
        return Response(FeedbackSerializer(feedback).data)

    @extend_schema(
        operation_id="give_feedback",
        request=FeedbackRequestSerializer,
        responses={200: FeedbackSerializer, (409, PROBLEM_CONTENT_TYPE): ProblemSerializer},
    )
    def put(self, request: Request, request_id: UUID) -> Response:
        """Say it; what was said before is replaced."""
        form = FeedbackRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        feedback = give_feedback(user=request.user, request_id=request_id, **form.validated_data)
        return Response(FeedbackSerializer(feedback).data)

    @extend_schema(operation_id="withdraw_feedback", responses={204: None})
    def delete(self, request: Request, request_id: UUID) -> Response:
        withdraw_feedback(user=request.user, request_id=request_id)
        return Response(status=204)
