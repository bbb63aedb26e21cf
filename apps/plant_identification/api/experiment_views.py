"""Experiments and models, for operators: to read. They are begun and ended in the admin."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.plant_identification.api.experiment_serializers import (
    ExperimentReportSerializer,
    ExperimentSerializer,
    ModelReportSerializer,
    PeriodQuerySerializer,
)
from apps.plant_identification.exceptions import RecordNotFound
from apps.plant_identification.models import Experiment
from apps.plant_identification.selectors import get_experiment, list_experiments
from apps.plant_identification.services.experiment_report import (
    REPORT_MAX,
    Period,
    choose_period,
    period_of,
    report_experiment,
)
from apps.plant_identification.services.model_report import report_models

NOT_KEPT = {"Cache-Control": "private, no-store"}


class ExperimentListView(ListAPIView[Experiment]):
    """All experiments, the newest first. For staff."""

    permission_classes = [IsAdminUser]
    serializer_class = ExperimentSerializer

    def get_queryset(self) -> QuerySet[Experiment]:
        return list_experiments()


class ExperimentReportView(APIView):
    """Confidence, agreement and confirmed accuracy of each group of one experiment. For staff."""

    permission_classes = [IsAdminUser]

    @extend_schema(
        operation_id="report_experiment",
        parameters=[PeriodQuerySerializer],
        responses=ExperimentReportSerializer,
    )
    def get(self, request: Request, experiment_id: UUID) -> Response:
        experiment = get_experiment(experiment_id)
        if experiment is None:
            raise RecordNotFound
        period = _asked_period(request, lambda since, until: period_of(experiment, since, until))
        report = report_experiment(experiment, period)
        return Response(ExperimentReportSerializer(report).data, headers=NOT_KEPT)


class ModelReportView(APIView):
    """The same of each version of each service's model; of the last 30 days if not asked otherwise. Staff."""

    permission_classes = [IsAdminUser]

    @extend_schema(
        operation_id="report_models", parameters=[PeriodQuerySerializer], responses=ModelReportSerializer
    )
    def get(self, request: Request) -> Response:
        period = _asked_period(request, choose_period)
        return Response(ModelReportSerializer(report_models(period)).data, headers=NOT_KEPT)


def _asked_period(request: Request, choose: Callable[[datetime | None, datetime | None], Period]) -> Period:
    form = PeriodQuerySerializer(data=request.query_params)
    form.is_valid(raise_exception=True)
    asked: dict[str, Any] = form.validated_data
    try:
        return choose(asked.get("since"), asked.get("until"))
    except (ValueError, OverflowError):
        message = _("Choose a moment before `until`, at most %(days)d days before it.")
        raise ValidationError({"since": [message % {"days": REPORT_MAX.days}]}) from None
