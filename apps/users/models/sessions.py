from django.conf import settings
from django.db import models

from apps.core.models import TimestampedModel
from apps.users.constants import CLIENT_NAME_MAX_LENGTH


class SignInSession(TimestampedModel):
    """One sign-in on one device: the family of refresh tokens that follow each other.

    Only the newest token is good. The one before it is remembered, so that a reply lost on the
    way can be told from a stolen token that is used a second time.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_ins")
    client_digest = models.CharField(max_length=64)
    client_name = models.CharField(max_length=CLIENT_NAME_MAX_LENGTH, blank=True, default="", db_default="")
    token_id = models.CharField(max_length=64)
    previous_token_id = models.CharField(max_length=64, blank=True)
    rotated_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    reply_repeated = models.BooleanField(default=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="users_session_user_created"),
            models.Index(fields=["expires_at"], name="users_session_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} since {self.created_at:%Y-%m-%d}"
