"""What is known about a species, who said so and when. The first word stays; lists of names grow."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from apps.plant_identification.models import PlantSpecies
from apps.plant_identification.services.names import canonical_name, full_key
from apps.plant_identification.types import ProviderSuggestion

MAX_NAMES_OF_LANGUAGE = 10
MAX_SYNONYMS = 50
FACTS = ("authorship", "family", "genus", "gbif_id", "taxonomy", "synonyms", "common_names", "sources")
_SINGLE = ("authorship", "family", "genus", "gbif_id", "taxonomy")


def learn_facts(species: PlantSpecies, said: ProviderSuggestion, provider: str) -> bool:
    """Write what is new into the species; whether anything was. Saves nothing."""
    learned = [name for name in _SINGLE if _fill(species, name, getattr(said, name))]
    if _add_synonyms(species, said.synonyms):
        learned.append("synonyms")
    language = said.languages.get("common_names")
    if language and _add_common_names(species, language, said.common_names):
        learned.append(f"common_names.{language}")
    today = datetime.now(UTC).date().isoformat()
    species.sources |= {name: {"source": provider, "date": today} for name in learned}
    return bool(learned)


def _fill(species: PlantSpecies, name: str, value: Any) -> bool:
    if not value or getattr(species, name):
        return False
    setattr(species, name, dict(value) if isinstance(value, Mapping) else value)
    return True


def _add_synonyms(species: PlantSpecies, names: Iterable[str]) -> bool:
    own = full_key(species.canonical_name)
    wanted = [canonical_name(name) for name in names]
    more = _join(species.synonyms, (name for name in wanted if full_key(name) != own), full_key, MAX_SYNONYMS)
    if more == species.synonyms:
        return False
    species.synonyms = more
    return True


def _add_common_names(species: PlantSpecies, language: str, names: Iterable[str]) -> bool:
    known = species.common_names.get(language, [])
    more = _join(known, names, str.casefold, MAX_NAMES_OF_LANGUAGE)
    if more == known:
        return False
    species.common_names = species.common_names | {language: more}
    return True


def _join(known: list[str], names: Iterable[str], key: Callable[[str], str], at_most: int) -> list[str]:
    joined = {key(name): name for name in known}
    for name in names:
        joined.setdefault(key(name), name)
    return list(joined.values())[:at_most]
