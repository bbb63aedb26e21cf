from typing import Self

from django.conf import settings
from django.db import models
from wagtail.models import RevisionMixin

from apps.core.models import TimestampedModel


class SpeciesQuerySet(models.QuerySet["PlantSpecies"]):
    def of_this_world(self) -> Self:
        """Those of the present mode: the sandbox's and the real services' are never met side by side."""
        return self.filter(from_sandbox=settings.PROVIDER_SANDBOX)

    def visible(self) -> Self:
        """Without the names that editors found to be another species' and merged into that."""
        return self.of_this_world().filter(merged_into=None)

    def for_lists(self) -> Self:
        """Without what only the page of one species tells."""
        return self.defer("taxonomy", "synonyms", "vouched_synonyms", "sources", "catalogue")


class PlantSpecies(RevisionMixin, TimestampedModel):  # type: ignore[misc]
    """A species by its canonical name: no author, no rank marks, one spelling.

    A merged one is left as a sign to the other: answers, pages and addresses that name it still lead there.
    """

    canonical_name = models.CharField(max_length=200)
    from_sandbox = models.BooleanField(
        default=False, help_text="of a machine where a sandbox answers; never shown beside others"
    )
    authorship = models.CharField(max_length=200, blank=True)
    family = models.CharField(max_length=200, blank=True)
    genus = models.CharField(max_length=200, blank=True)
    gbif_id = models.PositiveBigIntegerField(null=True, blank=True, db_index=True)
    powo_id = models.CharField(
        max_length=32, blank=True, db_default="", help_text="the IPNI number in links to Plants of the World"
    )
    taxonomy = models.JSONField(default=dict, blank=True, help_text="rank -> name, as a service said it")
    common_names = models.JSONField(default=dict, blank=True, help_text="language -> list of names")
    synonyms = models.JSONField(default=list, blank=True)
    vouched_synonyms = models.JSONField(
        default=list,
        db_default=models.Value(
            [], output_field=models.JSONField()
        ),  # for the release before, while both run
        blank=True,
        help_text="Those of the catalogue and of editors: what is identified by such a name is this species.",
    )
    sources = models.JSONField(default=dict, blank=True, help_text="fact -> who said it, and on which day")
    catalogue = models.JSONField(
        default=dict,
        db_default=models.Value({}, output_field=models.JSONField()),
        blank=True,
        help_text="what the catalogue said of it when it was last loaded, to know its own words again",
    )
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="merged",
        db_index=False,  # `species_merged` is enough
    )
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
            models.Index(
                fields=["merged_into"],
                name="species_merged",
                condition=models.Q(merged_into__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["from_sandbox", "canonical_name"], name="species_one_per_name"),
        ]

    def __str__(self) -> str:
        return self.canonical_name

    @property
    def gbif_url(self) -> str | None:
        """Its page at the GBIF."""
        return f"https://www.gbif.org/species/{self.gbif_id}" if self.gbif_id else None

    def common_name(self, *languages: str) -> str | None:
        """The first in the first of these languages that has one."""
        names = (name for language in languages for name in self.common_names.get(language, ()))
        return next(map(str, names), None)
