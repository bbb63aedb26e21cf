from django.db import models

from apps.core.models import TimestampedModel
from apps.plant_identification.types import Verdict

COMMENT_CHARS = 1_000


class IdentificationFeedback(TimestampedModel):
    """What its owner says of an identification: right, wrong, or what it is instead. Goes with the record."""

    request = models.OneToOneField(
        "plant_identification.PlantIdentificationRequest", on_delete=models.CASCADE, related_name="feedback"
    )
    verdict = models.CharField(max_length=5, choices=[(verdict.value, verdict.value) for verdict in Verdict])
    scientific_name = models.CharField(max_length=200, blank=True, help_text="with the verdict `other`")
    species = models.ForeignKey(
        "plant_identification.PlantSpecies",
        null=True,
        on_delete=models.SET_NULL,
        related_name="feedback",
        help_text="null where we do not know the name",
    )
    comment = models.CharField(max_length=COMMENT_CHARS, blank=True)

    class Meta:
        verbose_name_plural = "identification feedback"

    def __str__(self) -> str:
        return f"{self.verdict} {self.scientific_name}".strip()
