from typing import ClassVar, Self

from django.conf import settings
from django.db import models


class BareRecord(models.Model):
    """The one row a bare view writes."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    size_bytes = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.size_bytes} bytes"
