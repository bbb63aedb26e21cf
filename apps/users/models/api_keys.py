from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.models import TimestampedModel
from apps.users.constants import API_KEY_MARK, API_KEY_PREFIX_CHARS

NAME_MAX_LENGTH = 80
DIGEST_CHARS = 64


class ApiKey(TimestampedModel):
    """What a script shows instead of a sign-in. Only a digest of its secret is kept.

    After a rotation the secret before it is good for a while, so that the new one can be brought to where
    it is used.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=NAME_MAX_LENGTH)
    prefix = models.CharField(max_length=API_KEY_PREFIX_CHARS, unique=True)
    secret_digest = models.CharField(max_length=DIGEST_CHARS)
    previous_digest = models.CharField(max_length=DIGEST_CHARS, blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    password_mark = models.CharField(max_length=DIGEST_CHARS)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["user", "-created_at"], name="users_api_key_user_created")]
        constraints = [
            models.CheckConstraint(
                condition=Q(previous_digest="", previous_until=None)
                | (~Q(previous_digest="") & Q(previous_until__isnull=False)),
                name="users_api_key_previous_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.beginning

    @property
    def beginning(self) -> str:
        """What of the key may be shown: enough to find it where it is used."""
        return f"{API_KEY_MARK}_{self.prefix}"
