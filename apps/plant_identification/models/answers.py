from django.db import models

from apps.core.models import TimestampedModel


class IdentificationAnswer(TimestampedModel):
    """What everybody who asks the same question is told. Knows no user.

    `document` is the public answer without what belongs to one record (id, links, created_at, cache).
    The columns beside it are copies that lists read without opening the document.
    """

    question_key = models.CharField(max_length=64, help_text="sha256 hex over hosts, photos and options")
    digest = models.CharField(max_length=64)
    photo_digest = models.CharField(max_length=64)
    options = models.JSONField()
    status = models.CharField(max_length=8)
    document = models.JSONField()
    replies = models.JSONField(
        default=list, help_text="the providers' parsed replies, kept while another one is still awaited"
    )
    plant_name = models.CharField(max_length=200, blank=True)
    confidence = models.FloatField(null=True)
    image_url = models.TextField(blank=True)
    source = models.CharField(max_length=10, blank=True)
    agreement = models.CharField(
        max_length=6, blank=True, db_default="", help_text="empty in answers of an older release"
    )
    answered_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["question_key", "-answered_at"], name="answer_newest_for_question"),
            models.Index(fields=["photo_digest"], name="answer_of_photos"),
        ]

    def __str__(self) -> str:
        return f"{self.plant_name or 'nothing recognised'} ({self.status})"


class PlantIdentificationResult(TimestampedModel):
    """One candidate of an answer, for lists, species pages and comparing models."""

    answer = models.ForeignKey(
        IdentificationAnswer,
        on_delete=models.CASCADE,
        related_name="results",
        db_index=False,  # `result_one_per_position` begins with it
    )
    species = models.ForeignKey(
        "plant_identification.PlantSpecies", null=True, on_delete=models.SET_NULL, related_name="results"
    )
    rank_position = models.PositiveSmallIntegerField()
    scientific_name = models.CharField(max_length=200)
    confidence_score = models.FloatField()
    provider_scores = models.JSONField(help_text="provider -> its own score, null where it did not name it")
    model_version = models.CharField(
        max_length=200, help_text="the providers' model versions, joined by ', '"
    )
    model_confidence = models.FloatField(help_text="the best single score a provider gave")
    model_metadata = models.JSONField(
        default=dict,
        help_text="agreement, fusion, from_sandbox, and models: provider, version, score, is_favourite",
    )
    is_favourite = models.BooleanField(
        default=False, db_default=False, help_text="some model scored nothing higher in this answer"
    )

    class Meta:
        indexes = [
            models.Index(fields=["confidence_score", "-created_at"], name="result_by_confidence"),
            models.Index(
                fields=["created_at"], name="result_favourites", condition=models.Q(is_favourite=True)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["answer", "rank_position"], name="result_one_per_position"),
        ]

    def __str__(self) -> str:
        return f"{self.rank_position}. {self.scientific_name}"
