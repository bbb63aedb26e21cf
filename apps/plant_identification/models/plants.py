from typing import Any, Self

from django.conf import settings
from django.db import models

from apps.core.models import TimestampedModel

NICKNAME_CHARS = 100
NOTES_CHARS = 4_000
LOCATION_CHARS = 200
COLLECTION_NAME_CHARS = 80


class CollectionQuerySet(models.QuerySet["PlantCollection"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(owner=user.pk) if user.is_authenticated else self.none()


class PlantCollection(TimestampedModel):
    """A name under which somebody groups plants. Clients find it below `users/`; it lives where plants do."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="plant_collections"
    )
    name = models.CharField(max_length=COLLECTION_NAME_CHARS)
    # Not Lower("name"): SQLite, and PostgreSQL with some locales, know the cases of ASCII alone.
    folded_name = models.CharField(max_length=3 * COLLECTION_NAME_CHARS, editable=False)

    objects = CollectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "folded_name"], name="collection_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class PlantQuerySet(models.QuerySet["Plant"]):
    def visible_to(self, user: Any) -> Self:
        """One's own plants."""
        return self.of(user).filter(deleted_at=None)

    def of(self, user: Any) -> Self:
        """The same, with those that were deleted a moment ago."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(owner=user.pk, from_sandbox=settings.PROVIDER_SANDBOX)


class Plant(TimestampedModel):
    """A plant somebody has. It outlives the identification it was made from, but without the photo."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="plants",
        db_index=False,  # `plant_list` begins with it
    )
    from_sandbox = models.BooleanField(help_text="Made from what the sandbox says, and shown beside it only.")
    nickname = models.CharField(max_length=NICKNAME_CHARS, blank=True)
    scientific_name = models.CharField(
        max_length=200, blank=True, help_text="Also where we do not know the species, or only the genus."
    )
    species = models.ForeignKey(
        "plant_identification.PlantSpecies", null=True, on_delete=models.SET_NULL, related_name="plants"
    )
    identification = models.ForeignKey(
        "plant_identification.PlantIdentificationRequest",
        null=True,
        on_delete=models.SET_NULL,
        related_name="plants",
    )
    collection = models.ForeignKey(
        PlantCollection, null=True, on_delete=models.SET_NULL, related_name="plants"
    )
    notes = models.TextField(blank=True)
    location = models.CharField(max_length=LOCATION_CHARS, blank=True, help_text="in its owner's words")
    acquired_on = models.DateField(null=True)
    deleted_at = models.DateTimeField(null=True, help_text="gone for everybody; removed when undo has ended")

    objects = PlantQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "from_sandbox", "-created_at", "-id"], name="plant_list"),
            models.Index(
                fields=["deleted_at"], name="plant_deleted", condition=models.Q(deleted_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.nickname or self.scientific_name

    @property
    def shows_identification(self) -> bool:
        """One that was deleted a moment ago may come back; until then it is gone here too."""
        return self.identification is not None and self.identification.deleted_at is None
