"""What is still to be removed of photos whose records are gone. A row goes when its work is done."""

from django.db import models

from apps.core.models import TimestampedModel


class PhotoErasure(TimestampedModel):
    """A record was removed for good; what nobody else's record needs of its photos has to follow."""

    digest = models.CharField(max_length=64)
    photo_digest = models.CharField(max_length=64)
    options = models.JSONField()
    paths = models.JSONField(
        default=list, help_text="files in the `photos` storage that no row names any more"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"erasure of {self.photo_digest[:8]}"


class UnwantedCopy(TimestampedModel):
    """A copy of somebody's photos at an outside service, to be deleted there."""

    account = models.CharField(max_length=150, help_text="the ledger's: provider@host")
    custom_id = models.BigIntegerField(help_text="of the paid call")
    access_token = models.CharField(
        max_length=100, blank=True, help_text="a secret; empty where nobody saw the reply"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "unwanted copies"
        constraints = [
            models.UniqueConstraint(fields=["account", "custom_id"], name="unwanted_copy_once"),
        ]

    def __str__(self) -> str:
        return f"{self.account} #{self.custom_id}"
