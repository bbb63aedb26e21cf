from typing import Self

from django.conf import settings
from django.db import models

from apps.core.models import TimestampedModel


class SpeciesQuerySet(models.QuerySet["PlantSpecies"]):
    def visible(self) -> Self:
        """Those of the present mode: the sandbox's and the real services' are never met side by side."""
        return self.filter(from_sandbox=settings.PROVIDER_SANDBOX)


class PlantSpecies(TimestampedModel):
    """A species by its canonical name: no author, no rank marks, one spelling."""

    canonical_name = models.CharField(max_length=200)
    from_sandbox = models.BooleanField(
        default=False, help_text="of a machine where a sandbox answers; never shown beside others"
    )
    authorship = models.CharField(max_length=200, blank=True)
    family = models.CharField(max_length=200, blank=True)
    genus = models.CharField(max_length=200, blank=True)
    gbif_id = models.PositiveBigIntegerField(null=True, blank=True, db_index=True)
    taxonomy = models.JSONField(default=dict, blank=True, help_text="rank -> name, as a service said it")
    common_names = models.JSONField(default=dict, blank=True, help_text="language -> list of names")
    synonyms = models.JSONField(default=list, blank=True)
    sources = models.JSONField(default=dict, blank=True, help_text="fact -> who said it, and on which day")
    identification_count = models.PositiveIntegerField(
        default=0, help_text="Fresh answers that named it first; a repeat from the cache does not count."
    )

    objects = SpeciesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "plant species"
        indexes = [
            models.Index(fields=["-identification_count", "-created_at"], name="species_most_identified"),
            # One for each order of the list, then one for each filter of it.
            models.Index(fields=["from_sandbox", "-identification_count", "-id"], name="species_by_count"),
            models.Index(fields=["from_sandbox", "family", "canonical_name"], name="species_of_family"),
            models.Index(fields=["from_sandbox", "genus", "canonical_name"], name="species_of_genus"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["from_sandbox", "canonical_name"], name="species_one_per_name"),
        ]

    def __str__(self) -> str:
        return self.canonical_name
