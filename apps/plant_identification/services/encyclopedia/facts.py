"""What is known about a species, who said so and when.

What editors say stays. The catalogue's word comes next. Of the services the first word stays, and lists of
names grow.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from apps.plant_identification.models import PlantSpecies
from apps.plant_identification.services.names import canonical_name, full_key
from apps.plant_identification.types import ProviderSuggestion

MAX_NAMES_OF_LANGUAGE = 10
MAX_SYNONYMS = 50
EDITORS = "editors"  # who says it, in `PlantSpecies.sources`; the key of a FactSource, too
FACTS = ("authorship", "family", "genus", "gbif_id", "taxonomy", "synonyms", "common_names", "sources")
_SINGLE = ("authorship", "family", "genus", "gbif_id", "taxonomy")


def learn_facts(species: PlantSpecies, said: ProviderSuggestion, provider: str) -> bool:
    """Write what is new into the species; whether anything was. Saves nothing."""
    learned: list[str] = []
    if canonical_name(said.scientific_name) == species.canonical_name:
        # A synonym has an author and a genus of its own, and services' lists of synonyms hold homonyms.
        learned += [name for name in _SINGLE if _fill(species, name, getattr(said, name))]
        learned += ["synonyms"] if _add_synonyms(species, said.synonyms) else []
    language = said.languages.get("common_names")
    if language and _add_common_names(species, language, said.common_names):
        learned.append(f"common_names.{language}")
    note_source(species, learned, provider)
    return bool(learned)


def note_source(species: PlantSpecies, facts: Iterable[str], source: str) -> None:
    today = datetime.now(UTC).date().isoformat()
    species.sources = species.sources | {fact: {"source": source, "date": today} for fact in facts}


def is_said_by(species: PlantSpecies, fact: str, source: str) -> bool:
    return bool(species.sources.get(fact, {}).get("source") == source)


def join_synonyms(species: PlantSpecies, *lists: Iterable[str]) -> list[str]:
    """Each once, the first spelling of it; the species' own name is none."""
    own = full_key(species.canonical_name)
    names = (canonical_name(name) for names in lists for name in names)
    return _join((name for name in names if full_key(name) != own), full_key, MAX_SYNONYMS)


def join_common_names(*lists: Iterable[str]) -> list[str]:
    return _join((name for names in lists for name in names), str.casefold, MAX_NAMES_OF_LANGUAGE)


def _fill(species: PlantSpecies, name: str, value: Any) -> bool:
    if not value or getattr(species, name) or is_said_by(species, name, EDITORS):
        return False
    setattr(species, name, dict(value) if isinstance(value, Mapping) else value)
    return True


def _add_synonyms(species: PlantSpecies, names: Iterable[str]) -> bool:
    more = join_synonyms(species, species.synonyms, names)
    if more == species.synonyms or is_said_by(species, "synonyms", EDITORS):
        return False
    species.synonyms = more
    return True


def _add_common_names(species: PlantSpecies, language: str, names: Iterable[str]) -> bool:
    known = species.common_names.get(language, [])
    more = join_common_names(known, names)
    if more == known or is_said_by(species, f"common_names.{language}", EDITORS):
        return False
    species.common_names = species.common_names | {language: more}
    return True


def _join(names: Iterable[str], key: Callable[[str], str], at_most: int) -> list[str]:
    joined: dict[str, str] = {}
    for name in names:
        joined.setdefault(key(name), name)
    return list(joined.values())[:at_most]
