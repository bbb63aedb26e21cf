from django.conf import settings
from django.db import models

from apps.core.models import TimestampedModel


class KnownDevice(TimestampedModel):
    """A browser or phone somebody has signed in on: strangers' failures do not keep its owner out."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="known_devices")
    token_digest = models.CharField(max_length=64, editable=False)
    last_used_at = models.DateTimeField()

    class Meta:
        ordering = ["-last_used_at"]
        constraints = [
            models.UniqueConstraint(fields=["user", "token_digest"], name="users_knowndevice_unique"),
        ]
        indexes = [models.Index(fields=["token_digest"], name="users_knowndevice_token")]

    def __str__(self) -> str:
        return f"{self.user_id}, last used {self.last_used_at:%Y-%m-%d}"
