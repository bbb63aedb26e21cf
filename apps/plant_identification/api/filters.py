"""What a list of one's own identifications can be narrowed to, and in which order it comes."""

import django_filters
from django.utils.translation import gettext as _

from apps.core.api.filtering import ListOrdering
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


class CreationOrdering(ListOrdering):
    """Newest first, or oldest first."""

    ordering_description = "`-created_at`, newest first, or `created_at`, oldest first."
    columns = {name: name for name in ("-created_at", "created_at")}

    def refusal(self) -> str:
        return _("Choose `-created_at` or `created_at`.")
