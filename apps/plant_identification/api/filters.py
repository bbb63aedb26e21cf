"""What a list of one's own identifications can be narrowed to, and in which order it comes."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.api.moments import MomentFilter
from apps.plant_identification.models import PlantIdentificationRequest
from apps.plant_identification.types import AnswerStatus


class RequestFilter(django_filters.FilterSet):  # type: ignore[misc]  # without types
    status = django_filters.ChoiceFilter(choices=[(status.value, status.value) for status in AnswerStatus])
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte", label="From this moment on.")
    created_before = MomentFilter(
        field_name="created_at", lookup_expr="lt", label="Until this moment, which is not included."
    )

    class Meta:
        model = PlantIdentificationRequest
        fields: list[str] = []


class CreationOrdering(OrderingFilter):
    """Newest first, or oldest first. Read by the pagination, which does the ordering."""

    ordering_description = "`-created_at`, newest first, or `created_at`, oldest first."
    _choices = ("-created_at", "created_at")

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str, ...]:
        asked = request.query_params.get(self.ordering_param) or self._choices[0]
        if asked not in self._choices:
            raise ValidationError({self.ordering_param: [_("Choose `-created_at` or `created_at`.")]})
        return (asked,)

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        return queryset

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        parameters = super().get_schema_operation_parameters(view)
        parameters[0]["schema"] |= {"enum": list(self._choices), "default": self._choices[0]}
        return parameters
