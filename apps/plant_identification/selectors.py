"""Reading records. Every list costs the same number of queries, whatever its length."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import NullIf

from apps.plant_identification.models import PlantIdentificationRequest


def list_requests(user: Any) -> QuerySet[PlantIdentificationRequest]:
    """A signed-in person's own records with the answer's headline, newest first; documents stay unread."""
    if not user.is_authenticated:
        return PlantIdentificationRequest.objects.none()
    return (
        PlantIdentificationRequest.objects.visible_to(user)
        .annotate(
            plant_name=NullIf("answer__plant_name", Value("")),
            confidence=F("answer__confidence"),
            image_url=NullIf("answer__image_url", Value("", output_field=TextField())),
            answer_source=NullIf("answer__source", Value("")),
        )
        .order_by("-created_at", "-id")
    )


def get_request(user: Any, request_id: UUID) -> PlantIdentificationRequest | None:
    return (
        PlantIdentificationRequest.objects.visible_to(user)
        .select_related("answer")
        .filter(pk=request_id)
        .first()
    )
