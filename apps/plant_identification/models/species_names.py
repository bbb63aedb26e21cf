"""What the search looks in. Derived from the species, and made anew from them whenever somebody wants to."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class BytewiseCharField(models.CharField):  # type: ignore[type-arg]  # not subscriptable at run time
    """Compared and sorted byte by byte, so that one plain index serves "begins with" on every database.

    The language rules of a PostgreSQL database would sort otherwise; SQLite does so by itself.
    """

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        collation = "C" if connection.vendor == "postgresql" else None
        return super().db_parameters(connection) | {"collation": collation}


class NameKind(models.TextChoices):
    SCIENTIFIC = "scientific"
    COMMON = "common"
    SYNONYM = "synonym"


class SpeciesName(models.Model):
    """One name a species can be found by. `folded` is how it is compared: see
    `services/encyclopedia/spelling.py`.

    PostgreSQL has an index over the words in `folded` besides: see the migration that makes the table.
    """

    id = models.BigAutoField(primary_key=True)
    species = models.ForeignKey(
        "plant_identification.PlantSpecies",
        on_delete=models.CASCADE,
        related_name="names",
        db_index=False,  # the constraint's index serves as well
    )
    from_sandbox = models.BooleanField(help_text="the species', for the index")
    kind = models.CharField(max_length=10, choices=NameKind.choices)
    name = models.CharField(max_length=200)
    folded = BytewiseCharField(max_length=200)
    is_vouched = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Somebody who knows says that it means this species; services' lists of synonyms do not.",
    )

    class Meta:
        indexes = [models.Index(fields=["from_sandbox", "folded"], name="species_name_begins")]
        constraints = [
            models.UniqueConstraint(fields=["species", "folded"], name="species_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class SpeciesWord(models.Model):
    """A word of some species' name, to find the right spelling of a misspelt one."""

    id = models.BigAutoField(primary_key=True)
    word = BytewiseCharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["word"], name="species_word_once")]

    def __str__(self) -> str:
        return str(self.word)


class SpellingKey(models.Model):
    """What a word looks like with at most one letter left out.

    Two words that one slip of the finger parts have such a form in common, and equality needs no extension.
    """

    id = models.BigAutoField(primary_key=True)
    key = BytewiseCharField(max_length=200)
    # No index: words are not deleted, and there are ten of these rows for each.
    word = models.ForeignKey(SpeciesWord, on_delete=models.CASCADE, related_name="keys", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "word"], name="spelling_key_once")]

    def __str__(self) -> str:
        return str(self.key)
