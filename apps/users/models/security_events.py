from typing import Any

from django.conf import settings
from django.db import models

from apps.core.models import TimestampedModel

NETWORK_CHARS = 50
USER_AGENT_CHARS = 200
ABOUT_CHARS = 100


class SecurityEventKind(models.TextChoices):
    SIGNED_IN = "signed_in", "Signed in"
    SIGN_IN_FAILED = "sign_in_failed", "Sign-in failed"
    SIGNED_OUT = "signed_out", "Signed out"
    SESSION_REVOKED = "session_revoked", "A sign-in was ended"
    SESSIONS_REVOKED = "sessions_revoked", "All sign-ins were ended"
    TOKEN_REUSED = "token_reused", "A used token came again"
    PASSWORD_CHANGED = "password_changed", "Password changed"
    PASSWORD_RESET = "password_reset", "Password reset by mail"
    EMAIL_CHANGED = "email_changed", "E-mail address changed"
    EMAIL_CONFIRMED = "email_confirmed", "E-mail address confirmed"
    API_KEY_MADE = "api_key_made", "API key made"
    API_KEY_ROTATED = "api_key_rotated", "API key rotated"
    API_KEY_REVOKED = "api_key_revoked", "API key revoked"
    SECOND_FACTOR_ON = "second_factor_on", "Second factor switched on"
    SECOND_FACTOR_OFF = "second_factor_off", "Second factor switched off"
    SECOND_FACTOR_FAILED = "second_factor_failed", "Second factor failed"
    RECOVERY_CODES_MADE = "recovery_codes_made", "Recovery codes made"
    RECOVERY_CODE_USED = "recovery_code_used", "Recovery code used"
    IDENTITY_LINKED = "identity_linked", "Sign-in of another service linked"
    IDENTITY_UNLINKED = "identity_unlinked", "Sign-in of another service unlinked"
    EXPORT_ASKED = "export_asked", "Export of all data asked for"
    EXPORT_FETCHED = "export_fetched", "Export of all data fetched"
    DELETION_ASKED = "deletion_asked", "Deletion of the account asked for"
    DELETION_CANCELLED = "deletion_cancelled", "Deletion of the account cancelled"


class SecurityEvent(TimestampedModel):
    """Something that happened to somebody's account. Written once by `services.security_events`.

    Without a secret, and without an address: the network it lies in is enough to recognise one's own.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="security_events",
        db_index=False,  # `users_security_event_of_user` begins with it
        help_text="null where somebody tried an account that does not exist",
    )
    kind = models.CharField(max_length=24, choices=SecurityEventKind.choices)
    network = models.CharField(max_length=NETWORK_CHARS, blank=True, help_text="/24 of IPv4, /48 of IPv6")
    user_agent = models.CharField(max_length=USER_AGENT_CHARS, blank=True)
    about = models.CharField(max_length=ABOUT_CHARS, blank=True, help_text="such as the name of an API key")

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="users_security_event_of_user"),
            models.Index(fields=["created_at"], name="users_security_event_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.created_at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("what happened is not changed afterwards")
        super().save(*args, **kwargs)
