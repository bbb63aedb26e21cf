"""What a source says of a species, and keeping it: one row for each field, replaced when it is said anew."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core.kept_answers import forget_answers
from apps.plant_identification import constants
from apps.plant_identification.models import FactSource, SpeciesFact

SCALE = "0-10"  # the unit of a step on a scale of the source's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    field: str
    value: Any  # a text, a number or a list of texts
    unit: str = ""


def keep_statements(
    *, species_id: UUID, source: FactSource, statements: Iterable[Statement], stated_on: date
) -> None:
    """All that the source says now. What it does not say any more goes, whoever had preferred it."""
    rows = [
        SpeciesFact(
            species_id=species_id,
            field=said.field,
            value=said.value,
            unit=said.unit,
            source=source,
            stated_on=stated_on,
        )
        # In one order everywhere, so that no two writers wait in a ring.
        for said in sorted(statements, key=lambda said: said.field)
    ]
    with transaction.atomic():
        of_source = SpeciesFact.objects.filter(species_id=species_id, source=source)
        of_source.exclude(field__in=[row.field for row in rows]).delete()
        SpeciesFact.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["species", "field", "source"],
            update_fields=["value", "unit", "stated_on", "updated_at"],
        )
        forget_answers(constants.SPECIES_ANSWERS)


def confirm_statements(*, species_id: UUID, source: FactSource, stated_on: date) -> None:
    """The source was read again, and says what it said."""
    SpeciesFact.objects.filter(species_id=species_id, source=source).update(stated_on=stated_on)
    forget_answers(constants.SPECIES_ANSWERS)
