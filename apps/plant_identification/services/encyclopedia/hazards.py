"""Which plants are stated to harm somebody, by every name they have: kept in the process, for each answer.

There are some hundred statements; reading them anew each minute costs one query, and an answer none. What
changes is known to all processes within `KNOWN_FOR_S`, to the one that made the change at once.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from apps.core.resilience.clock import SYSTEM_CLOCK, Clock
from apps.core.resilience.forking import forget_after_fork
from apps.plant_identification.models import FactSource, PlantSpecies, ToxicityStatement
from apps.plant_identification.services.names import comparison_key, genus_of

KNOWN_FOR_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedHazards:
    """What is stated of one species, as clients are told it."""

    species_id: str
    scientific_name: str
    targets: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardTable:
    by_name: Mapping[str, tuple[StatedHazards, ...]] = field(default_factory=dict)
    by_gbif_id: Mapping[int, tuple[StatedHazards, ...]] = field(default_factory=dict)
    by_genus: Mapping[str, tuple[StatedHazards, ...]] = field(default_factory=dict)

    def find(self, names: Iterable[str], gbif_ids: Iterable[int]) -> list[StatedHazards]:
        """All that any of this may mean, each once: a homonym warns too often, and never too seldom."""
        by_name = (entry for name in names for entry in self.by_name.get(name, ()))
        by_id = (entry for number in gbif_ids for entry in self.by_gbif_id.get(number, ()))
        found = {entry.species_id: entry for entries in (by_name, by_id) for entry in entries}
        return list(found.values())


def describe_statement(statement: ToxicityStatement) -> dict[str, Any]:
    """In the source's words. What it does not say is None."""
    return {
        "target": statement.target,
        "level": statement.level or None,
        "parts": statement.parts or None,
        "effects": statement.effects or None,
        "source": describe_source(statement.source),
        "stated_on": statement.stated_on.isoformat(),
        "dataset_version": statement.dataset_version or None,
    }


def describe_source(source: FactSource) -> dict[str, Any]:
    return {
        "key": source.key,
        "title": source.title,
        "kind": source.kind,
        "url": source.url or None,
        "licence": source.licence or None,
        "credit": source.credit or None,
        "is_verified": source.is_verified,
    }


def read_table() -> HazardTable:
    """Of the present mode."""
    statements = (
        ToxicityStatement.objects.filter(species__in=PlantSpecies.objects.visible())
        .select_related("species", "source")
        .order_by("species__canonical_name", "target", "source__key")
    )
    of_species: dict[Any, list[ToxicityStatement]] = defaultdict(list)
    for statement in statements:
        of_species[statement.species_id].append(statement)
    names: dict[str, dict[str, StatedHazards]] = defaultdict(dict)
    ids: dict[int, dict[str, StatedHazards]] = defaultdict(dict)
    genera: dict[str, dict[str, StatedHazards]] = defaultdict(dict)
    for stated in of_species.values():
        species = stated[0].species
        name = species.canonical_name
        targets = tuple({**describe_statement(each), "about": name} for each in stated)
        entry = StatedHazards(species_id=str(species.pk), scientific_name=name, targets=targets)
        for spelled in (name, *species.synonyms):
            names[comparison_key(spelled)][entry.species_id] = entry
        if species.gbif_id:
            ids[species.gbif_id][entry.species_id] = entry
        if genus := genus_of(name):
            genera[genus.casefold()][entry.species_id] = entry
    return HazardTable(by_name=_settled(names), by_gbif_id=_settled(ids), by_genus=_settled(genera))


def _settled(found: Mapping[Any, Mapping[str, StatedHazards]]) -> dict[Any, tuple[StatedHazards, ...]]:
    return {key: tuple(entries.values()) for key, entries in found.items()}


class KnownHazards:
    """The table of this process. One thread reads it anew, while the others go on with the last one."""

    def __init__(self, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self.forget()
        forget_after_fork(self)

    def forget(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[float, bool, HazardTable] | None = None

    def table(self) -> HazardTable:
        known = self._known
        if known is not None and self._is_fresh(known):
            return known[2]
        is_of_this_world = known is not None and known[1] == settings.PROVIDER_SANDBOX
        lock = self._lock  # `forget` puts another in its place, at any time
        if not lock.acquire(blocking=not is_of_this_world):
            assert known is not None  # noqa: S101 - for the type checker
            return known[2]
        try:
            known = self._known
            if known is None or not self._is_fresh(known):
                known = (self._clock.monotonic() + KNOWN_FOR_S, settings.PROVIDER_SANDBOX, read_table())
                if lock is self._lock:  # else something changed while it was read
                    self._known = known
            return known[2]
        finally:
            lock.release()

    def _is_fresh(self, known: tuple[float, bool, HazardTable]) -> bool:
        return known[1] == settings.PROVIDER_SANDBOX and self._clock.monotonic() < known[0]


HAZARDS = KnownHazards()
