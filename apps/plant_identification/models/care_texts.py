"""What a language model wrote about caring for a species, and what it may cost."""

from django.db import models

from apps.core.models import TimestampedModel


class CareTextState(models.TextChoices):
    WRITING = "writing", "being written"
    REFUSED = "refused", "not usable"
    PENDING = "pending", "waits for an editor"
    APPROVED = "approved", "shown"
    REJECTED = "rejected", "not shown"


class GeneratedCare(TimestampedModel):
    """One text for one state of the facts. Nobody sees it before an editor has approved it.

    Who judged stands in the audit. A text whose facts have changed since is not shown any more.
    """

    species = models.ForeignKey(
        "plant_identification.PlantSpecies",
        on_delete=models.CASCADE,
        related_name="generated_care",
        db_index=False,  # `generated_care_once` begins with it
    )
    language = models.CharField(max_length=2, help_text="ISO 639-1")
    facts_digest = models.CharField(max_length=64, help_text="of what the model was told")
    model = models.CharField(max_length=100)
    state = models.CharField(max_length=8, choices=CareTextState.choices, default=CareTextState.WRITING)
    sections = models.JSONField(default=list, help_text="section, text, and the fields it goes by")
    reason = models.CharField(max_length=40, blank=True, help_text="why it is not usable")
    written_at = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "generated care texts"
        constraints = [
            models.UniqueConstraint(
                fields=["species", "language", "facts_digest", "model"], name="generated_care_once"
            ),
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="generated_care_to_review")]

    def __str__(self) -> str:
        return f"{self.species_id} ({self.language}): {self.get_state_display()}"


class CareModelMonth(models.Model):
    """What was taken in one calendar month (UTC): reserved before a call, corrected by what the call said."""

    starts_on = models.DateField(primary_key=True)
    calls = models.PositiveIntegerField(default=0)
    tokens = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.starts_on:%Y-%m}: {self.calls} calls, {self.tokens} tokens"
