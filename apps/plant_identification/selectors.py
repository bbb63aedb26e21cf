"""Reading records. Every list costs the same number of queries, whatever its length."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from apps.plant_identification.models import PlantIdentificationRequest


def list_requests(user: Any) -> QuerySet[PlantIdentificationRequest]:
    """A signed-in person's own records with the answer's headline, newest first; documents stay unread."""
    if not user.is_authenticated:
        return PlantIdentificationRequest.objects.none()
    return (
        PlantIdentificationRequest.objects.visible_to(user)
        .annotate(
            plant_name=F("answer__plant_name"),
            confidence=F("answer__confidence"),
            image_url=F("answer__image_url"),
            answer_source=F("answer__source"),
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
