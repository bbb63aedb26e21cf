"""What the catalogue says of one species, written into it. Saves nothing.

The catalogue's word goes before the services' and behind the editors'. It knows its own words of the last
time, and takes back what it does not say any more.
"""

from collections.abc import Iterable
from typing import Any

from apps.plant_identification.models import PlantSpecies
from apps.plant_identification.services.encyclopedia.catalogue import CATALOGUE, Entry
from apps.plant_identification.services.encyclopedia.facts import (
    EDITORS,
    is_said_by,
    join_common_names,
    join_synonyms,
    note_source,
)
from apps.plant_identification.services.names import full_key

COLUMNS = (
    *("authorship", "family", "genus", "gbif_id", "powo_id", "synonyms", "vouched_synonyms"),
    *("common_names", "sources", "catalogue"),
)
_SINGLE = ("authorship", "family", "genus", "gbif_id", "powo_id")
_EMPTY = {"gbif_id": None}


def apply_entry(species: PlantSpecies, entry: Entry) -> bool:
    """Whether anything changed. An entry without contents takes all back that the catalogue ever said."""
    before = [getattr(species, column) for column in COLUMNS]
    for name in _SINGLE:
        if not is_said_by(species, name, EDITORS):
            _apply_single(species, name, getattr(entry, name))
    if not is_said_by(species, "synonyms", EDITORS):
        _apply_synonyms(species, entry)
    said_before = species.catalogue.get("common_names", {})
    for language in sorted({*entry.common_names, *said_before}):
        if not is_said_by(species, f"common_names.{language}", EDITORS):
            _apply_common_names(
                species, language, entry.common_names.get(language, []), said_before.get(language, [])
            )
    species.catalogue = _said(species, entry)
    return before != [getattr(species, column) for column in COLUMNS]


def _said(species: PlantSpecies, entry: Entry) -> dict[str, Any]:
    if not entry.sources:
        return {}
    names = {"synonyms": entry.synonyms, "common_names": dict(entry.common_names)}
    return {"sources": entry.sources, **names, "pictures": species.catalogue.get("pictures", [])}


def _apply_single(species: PlantSpecies, name: str, value: object) -> None:
    is_ours = is_said_by(species, name, CATALOGUE)
    if not value and not is_ours:
        return
    if is_ours and getattr(species, name) == value:
        return
    setattr(species, name, value or _EMPTY.get(name, ""))
    _note(species, name, is_said=bool(value))


def _apply_synonyms(species: PlantSpecies, entry: Entry) -> None:
    said_before = {full_key(name) for name in species.catalogue.get("synonyms", [])}
    others = [name for name in species.synonyms if full_key(name) not in said_before]
    joined = join_synonyms(species, entry.synonyms, others)
    if joined != species.synonyms:
        species.synonyms = joined
        _note(species, "synonyms", is_said=bool(joined))
    vouched = [name for name in species.vouched_synonyms if full_key(name) not in said_before]
    species.vouched_synonyms = join_synonyms(species, entry.synonyms, vouched)


def _apply_common_names(
    species: PlantSpecies, language: str, names: Iterable[str], said_before: Iterable[str]
) -> None:
    gone = {name.casefold() for name in said_before}
    known = species.common_names.get(language, [])
    joined = join_common_names(names, (name for name in known if name.casefold() not in gone))
    if joined == known:
        return
    rest = {other: listed for other, listed in species.common_names.items() if other != language}
    species.common_names = rest | ({language: joined} if joined else {})
    _note(species, f"common_names.{language}", is_said=bool(joined))


def _note(species: PlantSpecies, fact: str, *, is_said: bool) -> None:
    if is_said:
        note_source(species, [fact], CATALOGUE)
    else:
        species.sources = {other: said for other, said in species.sources.items() if other != fact}
