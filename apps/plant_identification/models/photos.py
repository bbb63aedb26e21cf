from django.db import models

from apps.core.models import TimestampedModel


class PhotoSet(TimestampedModel):
    """The normalised photos of one question, kept once for all records that show them.

    The paths are random and lie in the `photos` storage, which has no address of its own.
    """

    digest = models.CharField(max_length=64, unique=True, help_text="sha256 hex over uploads and organs")
    paths = models.JSONField()
    organs = models.JSONField()
    sizes = models.JSONField(default=list, help_text="[width, height] of each, in pixels; may be unknown")

    def __str__(self) -> str:
        return f"{len(self.paths)} photo(s) {self.digest[:8]}"
