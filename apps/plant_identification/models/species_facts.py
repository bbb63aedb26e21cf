"""What is known about species beyond their names: each fact with its source and its day."""

from django.db import models

from apps.core.models import TimestampedModel

FIELD_CHARS = 60
UNIT_CHARS = 16
WORDS_CHARS = 500


class SourceKind(models.TextChoices):
    DATASET = "dataset"
    SERVICE = "service"
    EDITORS = "editors"
    MODEL = "model", "language model"


class FactSource(TimestampedModel):
    """Who says something about plants, and on which terms it may be repeated."""

    key = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=300)
    kind = models.CharField(max_length=8, choices=SourceKind.choices)
    url = models.CharField(max_length=500, blank=True, help_text="an address, a DOI, or where to find it")
    licence = models.CharField(max_length=200, blank=True, help_text="as stated; empty where none is")
    licence_class = models.CharField(
        max_length=1,
        blank=True,
        choices=[("A", "open, or public domain"), ("B", "no open licence known: single cited facts")],
    )
    credit = models.CharField(max_length=WORDS_CHARS, blank=True, help_text="to be shown with what it says")
    is_verified = models.BooleanField(default=True, help_text="False is shown with everything it says.")

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class SpeciesFact(TimestampedModel):
    """What one source says of one property of a species. Sources that differ stand beside each other."""

    species = models.ForeignKey(
        "plant_identification.PlantSpecies",
        on_delete=models.CASCADE,
        related_name="facts",
        db_index=False,  # `species_fact_once` begins with it
    )
    field = models.CharField(max_length=FIELD_CHARS, help_text="such as light or height_max")
    value = models.JSONField(help_text="a text, a number, or a list of texts; as the source says it")
    unit = models.CharField(max_length=UNIT_CHARS, blank=True, help_text="of the value, such as in or degF")
    source = models.ForeignKey(FactSource, on_delete=models.PROTECT, related_name="facts")
    stated_on = models.DateField(help_text="the day the source was read")
    is_preferred = models.BooleanField(
        default=False, help_text="Chosen by an editor where sources differ. The others stay visible."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["species", "field", "source"], name="species_fact_once"),
            models.UniqueConstraint(
                fields=["species", "field"],
                condition=models.Q(is_preferred=True),
                name="species_fact_one_preferred",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.value}{f' {self.unit}' if self.unit else ''}"


class ToxicityTarget(models.TextChoices):
    """`animal` where the source does not say which animals."""

    HUMAN = "human", "people"
    CAT = "cat", "cats"
    DOG = "dog", "dogs"
    HORSE = "horse", "horses"
    LIVESTOCK = "livestock", "livestock"
    ANIMAL = "animal", "animals"


class ToxicityStatement(TimestampedModel):
    """That a plant harms somebody. There is no row, and no word, for a plant that harms nobody."""

    species = models.ForeignKey(
        "plant_identification.PlantSpecies",
        on_delete=models.CASCADE,
        related_name="toxicity_statements",
        db_index=False,  # `toxicity_statement_once` begins with it
    )
    target = models.CharField(max_length=9, choices=ToxicityTarget.choices)
    level = models.CharField(max_length=WORDS_CHARS, blank=True, help_text="in the source's words")
    parts = models.CharField(max_length=WORDS_CHARS, blank=True, help_text="of the plant, in its words")
    effects = models.CharField(max_length=WORDS_CHARS, blank=True, help_text="in the source's words")
    source = models.ForeignKey(FactSource, on_delete=models.PROTECT, related_name="toxicity_statements")
    stated_on = models.DateField(help_text="the day the source was read")
    dataset_version = models.CharField(max_length=40, blank=True, help_text="empty for an editor's statement")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["species", "target", "source"], name="toxicity_statement_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_target_display()}: {self.level or 'harmful'}"


class SpeciesPicture(TimestampedModel):
    """A picture that shows the species, and on which terms it may be shown."""

    species = models.ForeignKey(
        "plant_identification.PlantSpecies",
        on_delete=models.CASCADE,
        related_name="pictures",
        db_index=False,  # `species_picture_once` begins with it
    )
    image = models.ForeignKey("wagtailimages.Image", on_delete=models.CASCADE, related_name="+")
    caption = models.CharField(max_length=WORDS_CHARS, help_text="what it shows, also for who cannot see it")
    credit = models.CharField(max_length=200, blank=True, help_text="who made it, as they want to be named")
    licence = models.CharField(max_length=100, help_text="such as CC-BY-4.0")
    licence_url = models.URLField(max_length=500, blank=True)
    source_url = models.URLField(max_length=500, blank=True)
    source = models.ForeignKey(
        FactSource,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="pictures",
        help_text="the dataset it comes from; none for an editor's",
    )
    position = models.PositiveSmallIntegerField(default=0, help_text="the lowest is shown first")

    class Meta:
        ordering = ["position", "created_at"]
        constraints = [
            models.UniqueConstraint(fields=["species", "image"], name="species_picture_once"),
        ]

    def __str__(self) -> str:
        return self.caption
