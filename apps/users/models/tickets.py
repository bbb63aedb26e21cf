from django.conf import settings
from django.db import models

from apps.users.models.sessions import SignInSession


class SocketTicket(models.Model):
    """Opens one WebSocket for one person, once and soon. It goes with the sign-in that asked for it."""

    digest = models.CharField(primary_key=True, max_length=64, help_text="sha256 hex of what was handed out")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    sign_in = models.ForeignKey(SignInSession, null=True, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.user_id} until {self.expires_at:%H:%M:%S}"
