from django.conf import settings
from django.db import models

from apps.core.models import TimestampedModel

DIGEST_CHARS = 64


class ExternalIdentity(TimestampedModel):
    """Who somebody is elsewhere. The subject stays the same when their address there changes."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities")
    provider = models.CharField(max_length=16)
    subject = models.CharField(max_length=255)

    class Meta:
        verbose_name_plural = "external identities"
        constraints = [
            models.UniqueConstraint(fields=["provider", "subject"], name="users_identity_one_account"),
            models.UniqueConstraint(fields=["user", "provider"], name="users_identity_one_per_provider"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.provider}"


class OAuthAttempt(models.Model):
    """Somebody on their way to a provider and back. Each step is taken once; what is left over is removed.

    First it waits for the browser to come back with the provider's code, then for the client to fetch the
    sign-in with a code of ours.
    """

    state_digest = models.CharField(max_length=DIGEST_CHARS, primary_key=True)
    browser_digest = models.CharField(max_length=DIGEST_CHARS)
    nonce = models.CharField(max_length=64)
    code_verifier = models.CharField(max_length=128)
    return_to = models.TextField(help_text="An allowed address, where the browser is sent in the end.")
    app_challenge = models.CharField(max_length=64, blank=True, help_text="PKCE of an app; empty on the web.")
    app_state = models.CharField(max_length=200, blank=True)
    provider_code = models.TextField(blank=True)
    code_digest = models.CharField(max_length=DIGEST_CHARS, blank=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "OAuth attempt"
        constraints = [
            models.UniqueConstraint(
                fields=["code_digest"], condition=~models.Q(code_digest=""), name="users_oauth_attempt_code"
            ),
        ]

    def __str__(self) -> str:
        return f"until {self.expires_at:%H:%M:%S}"
