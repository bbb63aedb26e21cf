from typing import Any

from django.conf import settings
from django.db import models

from apps.core.models import TimestampedModel
from apps.plant_identification.types import AnswerStatus


class ExperimentGroup(models.TextChoices):
    CONTROL = "control"
    VARIANT_A = "variant_a"
    VARIANT_B = "variant_b"


class RequestQuerySet(models.QuerySet["PlantIdentificationRequest"]):
    def visible_to(self, user: Any) -> "RequestQuerySet":
        """One's own records. An anonymous caller sees ownerless ones, which only their random id leads to."""
        return self.of(user).filter(deleted_at=None)

    def of(self, user: Any) -> "RequestQuerySet":
        """The same, with those that were deleted a moment ago."""
        owner = user.pk if getattr(user, "is_authenticated", False) else None
        return self.filter(owner=owner, from_sandbox=settings.PROVIDER_SANDBOX)


class PlantIdentificationRequest(TimestampedModel):
    """One accepted request: whose it is, what was asked, which answer it got."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="identifications",
        db_index=False,  # `request_history` begins with it
    )
    from_sandbox = models.BooleanField(help_text="Never shown beside the real services' answers.")
    digest = models.CharField(max_length=64)
    photo_digest = models.CharField(max_length=64)
    options = models.JSONField()
    perceptual_hashes = models.JSONField(
        default=list,
        db_default=models.Value(
            [], output_field=models.JSONField()
        ),  # for the release before, while both run
        help_text="16 hex digits a photo; empty for one too plain to be recognised again",
    )
    photos = models.ForeignKey(
        "plant_identification.PhotoSet", null=True, on_delete=models.SET_NULL, related_name="requests"
    )
    answer = models.ForeignKey(
        "plant_identification.IdentificationAnswer",
        null=True,
        on_delete=models.PROTECT,
        related_name="requests",
        help_text="null while queued",
    )
    status = models.CharField(max_length=8, choices=[(status.value, status.value) for status in AnswerStatus])
    cache = models.CharField(max_length=4, choices=[("miss", "miss"), ("hit", "hit"), ("near", "near")])
    experiment = models.ForeignKey(
        "plant_identification.Experiment",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="requests",
        db_index=False,  # `request_of_experiment` begins with it
        help_text="the one that was running",
    )
    experiment_group = models.CharField(max_length=9, choices=ExperimentGroup.choices)
    timings = models.JSONField(default=dict, help_text="milliseconds by step")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="tries to answer it from the queue")
    next_attempt_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True, help_text="gone for everybody; removed when undo has ended")

    objects = RequestQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "from_sandbox", "-created_at", "-id"], name="request_history"),
            # The few that are partial, old or queued, among somebody's tens of thousands.
            models.Index(
                fields=["owner", "from_sandbox", "status", "-created_at", "-id"],
                name="request_history_unusual",
                condition=~models.Q(status="complete"),
            ),
            models.Index(
                fields=["next_attempt_at"], name="request_queue", condition=models.Q(status="queued")
            ),
            models.Index(
                fields=["deleted_at"], name="request_deleted", condition=models.Q(deleted_at__isnull=False)
            ),
            models.Index(
                fields=["experiment", "created_at"],
                name="request_of_experiment",
                condition=models.Q(experiment__isnull=False),
            ),
            # Who else shows the same photos, when one's record is removed.
            models.Index(fields=["photo_digest"], name="request_of_photos"),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.digest[:8]}"
