from django.db import models


class AttemptCount(models.Model):
    """How often something was tried, under a digest of what is counted: an address, an account, a device.

    Here and not in Redis, whose going away must not be a chance to guess passwords.
    """

    key = models.CharField(max_length=64, unique=True)
    attempts = models.PositiveIntegerField(default=0)
    refused_until = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.attempts} until {self.expires_at:%Y-%m-%d %H:%M}"
