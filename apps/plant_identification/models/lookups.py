"""Asking outside services about species, one after the other: what was asked when, and by whom just now."""

from django.db import models

from apps.core.models import TimestampedModel


class LookupState(models.TextChoices):
    NEW = "new", "not asked yet"
    FOUND = "found", "answered"
    UNKNOWN = "unknown", "not known there"
    FAILED = "failed", "no answer"


class TrefleLookup(TimestampedModel):
    """One species at Trefle. Whoever sets `claim` asks, until `claimed_until`; nobody else does meanwhile."""

    species = models.OneToOneField(
        "plant_identification.PlantSpecies", on_delete=models.CASCADE, related_name="trefle_lookup"
    )
    state = models.CharField(max_length=7, choices=LookupState.choices, default=LookupState.NEW)
    slug = models.CharField(max_length=200, blank=True, help_text="its name at Trefle")
    etag = models.CharField(max_length=200, blank=True, help_text="of the newest answer")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="without an answer, in a row")
    asked_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(db_index=True, help_text="not asked again before")
    claim = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.species_id}: {self.get_state_display()}"
