"""What Plant.id says about growing a species it names, kept as facts. The first word stays.

Only values: its sentences on watering, light and soil are its own writing, and on which terms they may be
repeated beyond the answer they came with is not stated.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from apps.plant_identification.models import SpeciesFact
from apps.plant_identification.services.encyclopedia.sources import service_source
from apps.plant_identification.services.encyclopedia.statements import Statement
from apps.plant_identification.types import ProviderSuggestion

PLANT_ID = "plant_id"
STEPS = "1-3"  # 1 dry, 2 medium, 3 wet
METHODS_MAX = 10

Said = tuple[UUID, str, ProviderSuggestion]


def find_untold(said: Sequence[Said]) -> set[UUID]:
    """The species of which something is said here that is not kept yet. One query at most."""
    wanted = {(pk, each.field) for pk, each in _facts_in(said)}
    if not wanted:
        return set()
    fields = {field for _, field in wanted}
    kept = SpeciesFact.objects.filter(
        species__in={pk for pk, _ in wanted}, field__in=fields, source__key__startswith=PLANT_ID
    )
    return {pk for pk, _ in wanted.difference(kept.values_list("species_id", "field"))}


def keep_growing_facts(said: Sequence[Said], species: Collection[UUID]) -> None:
    """Of these species, which the caller holds locked: so nobody waits for anybody's row."""
    facts = {(pk, each.field): each for pk, each in _facts_in(said) if pk in species}
    if not facts:
        return
    source = service_source(name=PLANT_ID, label="Plant.id", url="https://plant.id")
    today = datetime.now(UTC).date()
    SpeciesFact.objects.bulk_create(
        (
            SpeciesFact(
                species_id=pk, field=field, value=each.value, unit=each.unit, source=source, stated_on=today
            )
            for (pk, field), each in sorted(facts.items(), key=lambda pair: (pair[0][0].hex, pair[0][1]))
        ),
        ignore_conflicts=True,
    )


def _facts_in(said: Sequence[Said]) -> Iterator[tuple[UUID, Statement]]:
    for pk, provider, suggestion in said:
        if provider == PLANT_ID:
            for statement in _statements(suggestion):
                yield pk, statement


def _statements(said: ProviderSuggestion) -> Iterator[Statement]:
    if said.watering is not None:
        for field, value in (("watering_min", said.watering.min), ("watering_max", said.watering.max)):
            if value is not None:
                yield Statement(field=field, value=value, unit=STEPS)
    if said.propagation_methods:
        yield Statement(field="propagation_methods", value=list(said.propagation_methods[:METHODS_MAX]))
