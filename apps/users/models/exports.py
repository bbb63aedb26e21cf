from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.models import TimestampedModel


class AccountExport(TimestampedModel):
    """Everything about a person in one file, asked for by that person and fetched for a few days."""

    class State(models.TextChoices):
        WAITING = "waiting"
        READY = "ready"
        FAILED = "failed"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="exports",
        db_index=False,  # `users_export_of_user` begins with it
    )
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    language = models.CharField(max_length=10, help_text="of whoever asked")
    path = models.CharField(
        max_length=100, blank=True, help_text="in the `exports` storage; written down before the file is"
    )
    size_bytes = models.BigIntegerField(null=True)
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(help_text="the row goes then, with its file")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(state="waiting"), name="users_export_one_waiting"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="users_export_of_user"),
            models.Index(
                fields=["next_attempt_at"], condition=Q(state="waiting"), name="users_export_waiting"
            ),
            models.Index(fields=["expires_at"], name="users_export_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.state} since {self.created_at:%Y-%m-%d}"
