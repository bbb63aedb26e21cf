from django.db import models

from apps.core.models import TimestampedModel


class PlantSpecies(TimestampedModel):
    """A species by its canonical name: no author, no rank marks, one spelling."""

    canonical_name = models.CharField(max_length=200, unique=True)
    authorship = models.CharField(max_length=200, blank=True)
    family = models.CharField(max_length=200, blank=True)
    genus = models.CharField(max_length=200, blank=True)
    gbif_id = models.PositiveBigIntegerField(null=True, blank=True, db_index=True)
    common_names = models.JSONField(default=dict, blank=True, help_text="language -> list of names")
    synonyms = models.JSONField(default=list, blank=True)
    identification_count = models.PositiveIntegerField(
        default=0, help_text="Fresh answers that named it first; a repeat from the cache does not count."
    )

    class Meta:
        verbose_name_plural = "plant species"
        indexes = [
            models.Index(fields=["-identification_count", "-created_at"], name="species_most_identified"),
        ]

    def __str__(self) -> str:
        return self.canonical_name
