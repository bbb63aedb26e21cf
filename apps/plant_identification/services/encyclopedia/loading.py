"""The starter catalogue, put into the database and kept there as it is in the files.

As often as one likes, and at once from several processes: each batch is one short transaction that holds the
rows of its species. Only rows of the catalogue's own sources are changed and removed; what editors and
services say stands beside them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection, transaction

from apps.core.kept_answers import forget_answers
from apps.plant_identification import constants
from apps.plant_identification.models import (
    FactSource,
    PlantSpecies,
    SourceKind,
    SpeciesFact,
    ToxicityStatement,
)
from apps.plant_identification.services.encyclopedia.catalogue import Catalogue, Entry
from apps.plant_identification.services.encyclopedia.catalogue_names import COLUMNS, apply_entry
from apps.plant_identification.services.encyclopedia.index import index_anew

BATCH = 200  # species
LOCK_TIMEOUT_MS = 60_000  # for another loader, or an editor who merges


@dataclass(slots=True)
class Tally:
    added: int = 0
    changed: int = 0
    removed: int = 0
    left: int = 0

    def __str__(self) -> str:
        return f"{self.added} added, {self.changed} changed, {self.removed} removed, {self.left} left"


@dataclass(slots=True)
class Loaded:
    species: Tally = field(default_factory=Tally)
    facts: Tally = field(default_factory=Tally)
    hazards: Tally = field(default_factory=Tally)


def load_entries(*, catalogue: Catalogue) -> Loaded:
    """All but the pictures."""
    sources = _save_sources(catalogue)
    loaded = Loaded()
    entries = _under_their_names_here(catalogue.entries)
    for batch in _batches([*entries, *_dropped(entries)]):
        _load_batch(batch, catalogue, sources, loaded)
    if any(tally.added or tally.changed or tally.removed for tally in _tallies(loaded)):
        forget_answers(constants.SPECIES_ANSWERS)
    return loaded


def _tallies(loaded: Loaded) -> tuple[Tally, ...]:
    return (loaded.species, loaded.facts, loaded.hazards)


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    rest = iter(entries)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _save_sources(catalogue: Catalogue) -> Mapping[str, FactSource]:
    known = {source.key: source for source in FactSource.objects.all()}
    for source in catalogue.sources:
        values = {
            "title": source.title,
            "kind": SourceKind.DATASET.value,
            "url": source.url,
            "licence": source.licence,
            "licence_class": source.licence_class,
            "credit": source.credit,
            "is_verified": source.is_verified,
        }
        if source.key not in known:
            known[source.key], _ = FactSource.objects.get_or_create(key=source.key, defaults=values)
        if _write(known[source.key], values):
            known[source.key].save()
    return {key: source for key, source in known.items() if source.kind == SourceKind.DATASET}


def _under_their_names_here(entries: Sequence[Entry]) -> list[Entry]:
    """By name. What is said of a species that editors merged is said of the one that it is part of now."""
    merged = PlantSpecies.objects.of_this_world().exclude(merged_into=None)
    names = dict(merged.values_list("canonical_name", "merged_into__canonical_name"))
    here = {entry.name: entry for entry in entries if entry.name not in names}
    for entry in entries:
        if entry.name in names:
            name = names[entry.name]
            here[name] = _with_rows_of(here.get(name, Entry(name=name)), entry)
    return [here[name] for name in sorted(here)]


def _with_rows_of(own: Entry, other: Entry) -> Entry:
    facts = {
        source: {**other.facts.get(source, {}), **own.facts.get(source, {})}
        for source in {**own.facts, **other.facts}
    }
    said = {(hazard.source, hazard.target) for hazard in own.toxicity}
    more = [hazard for hazard in other.toxicity if (hazard.source, hazard.target) not in said]
    return msgspec.structs.replace(own, facts=facts, toxicity=[*own.toxicity, *more])


def _dropped(entries: Sequence[Entry]) -> list[Entry]:
    """Species that were in the catalogue once. They stay, with what others know of them."""
    loaded = PlantSpecies.objects.visible().exclude(catalogue={})
    names = set(loaded.values_list("canonical_name", flat=True)) - {entry.name for entry in entries}
    return [Entry(name=name) for name in sorted(names)]


def _load_batch(
    batch: Sequence[Entry], catalogue: Catalogue, sources: Mapping[str, FactSource], loaded: Loaded
) -> None:
    entries = {entry.name: entry for entry in batch}
    new = _add_species(entries)
    loaded.species.added += len(new)
    with transaction.atomic():
        species = _lock_species(entries)
        _save_names([(one, entries[one.canonical_name]) for one in species], new, loaded.species)
        ids = {one.canonical_name: one.pk for one in species}
        known = [source.pk for source in sources.values()]
        _save_rows(SpeciesFact, _facts(entries, ids, catalogue, sources), ids, known, loaded.facts)
        _save_rows(ToxicityStatement, _hazards(entries, ids, catalogue, sources), ids, known, loaded.hazards)


def _add_species(entries: Mapping[str, Entry]) -> set[str]:
    """In a statement of its own, before any lock is held: an identification may be adding the same names."""
    world = PlantSpecies.objects.of_this_world()
    known = set(world.filter(canonical_name__in=entries).values_list("canonical_name", flat=True))
    new = []
    for name in sorted(entries.keys() - known):
        species = PlantSpecies(canonical_name=name, from_sandbox=settings.PROVIDER_SANDBOX)
        apply_entry(species, entries[name])
        new.append(species)
    PlantSpecies.objects.bulk_create(new, ignore_conflicts=True)
    return {species.canonical_name for species in new}


def _lock_species(entries: Mapping[str, Entry]) -> list[PlantSpecies]:
    """Always in one order. Without those that editors merged into others: there they know better."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
    named = PlantSpecies.objects.visible().filter(canonical_name__in=entries)
    return list(named.select_for_update(no_key=True).order_by("pk"))


def _save_names(pairs: Sequence[tuple[PlantSpecies, Entry]], new: Collection[str], tally: Tally) -> None:
    changed = [one for one, entry in pairs if apply_entry(one, entry)]
    PlantSpecies.objects.bulk_update(changed, COLUMNS)
    index_anew([*changed, *(one for one, _ in pairs if one.canonical_name in new and one not in changed)])
    tally.changed += sum(one.canonical_name not in new for one in changed)
    tally.left += len(pairs) - len(new) - sum(one.canonical_name not in new for one in changed)


Key = tuple[UUID, str, UUID]


def _facts(
    entries: Mapping[str, Entry],
    ids: Mapping[str, UUID],
    catalogue: Catalogue,
    sources: Mapping[str, FactSource],
) -> dict[Key, dict[str, Any]]:
    days = {source.key: source.read_on for source in catalogue.sources}
    return {
        (ids[name], field_name, sources[source].pk): {
            "value": value,
            "unit": unit[0] if unit else "",
            "stated_on": days[source],
        }
        for name in ids
        for source, facts in entries[name].facts.items()
        for field_name, (value, *unit) in facts.items()
    }


def _hazards(
    entries: Mapping[str, Entry],
    ids: Mapping[str, UUID],
    catalogue: Catalogue,
    sources: Mapping[str, FactSource],
) -> dict[Key, dict[str, Any]]:
    days = {source.key: source.read_on for source in catalogue.sources}
    return {
        (ids[name], hazard.target.value, sources[hazard.source].pk): {
            "level": hazard.level,
            "parts": hazard.parts,
            "effects": hazard.effects,
            "stated_on": days[hazard.source],
            "dataset_version": catalogue.version,
        }
        for name in ids
        for hazard in entries[name].toxicity
    }


def _save_rows(
    model: Any,
    wanted: Mapping[Key, Mapping[str, Any]],
    ids: Mapping[str, UUID],
    sources: Sequence[UUID],
    tally: Tally,
) -> None:
    """Make the datasets' rows of these species what is wanted; which of them editors prefer stays."""
    about = "field" if model is SpeciesFact else "target"
    rows = {
        (row.species_id, getattr(row, about), row.source_id): row
        for row in model.objects.filter(species__in=ids.values(), source__in=sources)
    }
    surplus = [row.pk for key, row in rows.items() if key not in wanted]
    model.objects.filter(pk__in=surplus).delete()
    missing = [
        model(species_id=key[0], source_id=key[2], **{about: key[1]}, **values)
        for key, values in wanted.items()
        if key not in rows
    ]
    model.objects.bulk_create(missing)
    changed = [row for key, row in rows.items() if key in wanted and _write(row, wanted[key])]
    if changed:
        model.objects.bulk_update(changed, list(next(iter(wanted.values()))))
    tally.added += len(missing)
    tally.changed += len(changed)
    tally.removed += len(surplus)
    tally.left += len(rows) - len(changed) - len(surplus)


def _write(row: Any, values: Mapping[str, Any]) -> bool:
    if all(getattr(row, name) == value for name, value in values.items()):
        return False
    for name, value in values.items():
        setattr(row, name, value)
    return True
