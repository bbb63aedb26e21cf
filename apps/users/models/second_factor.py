from django.conf import settings
from django.db import models

from apps.core.models import TimestampedModel


class AuthenticatorApp(TimestampedModel):
    """The app that makes somebody's one-time codes (RFC 6238). It counts once a first code was right."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="authenticator_app"
    )
    encrypted_secret = models.TextField(editable=False)
    offered_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # The 30 seconds of the newest code that was taken: none is taken twice.
    last_step = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.user_id}{'' if self.confirmed_at else ', not confirmed'}"


class RecoveryCode(models.Model):
    """One that was not used yet: a used one is gone."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], name="users_recoverycode_unique"),
        ]

    def __str__(self) -> str:
        return f"of {self.user_id}"
