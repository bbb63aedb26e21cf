"""Trefle v1 replies, read into statements about a species. Pure. Every field there may be null, and most are.

Kept are values and short words. Texts that somebody has written (`description`, `sowing`) are not: on which
terms they may be repeated is not stated.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.plant_identification.services import reading
from apps.plant_identification.services.encyclopedia.statements import SCALE, Statement

MAX_SYNONYMS = 200
MAX_ITEMS = 100
WORD_CHARS = 80
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DURATIONS = ("annual", "biennial", "perennial")
TOXIC = ("low", "medium", "high")  # "none" is no word for a plant that harms nobody

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrefleName:
    """What a list says of one species; enough to tell whether it is the one that was meant."""

    slug: str
    scientific_name: str
    synonyms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrefleSpecies(TrefleName):
    statements: tuple[Statement, ...]


def parse_list(payload: object) -> tuple[TrefleName, ...]:
    """Entries without a usable name or slug are left out.

    Raises:
        ProviderReplyUnreadable: this is no list.
    """
    data = reading.require_list(reading.require_object(payload, "The reply").get("data"), "data")
    found = (_name(reading.as_object(item)) for item in data[:MAX_ITEMS])
    return tuple(name for name in found if name is not None)


def parse_species(payload: object) -> TrefleSpecies:
    """Of `/species/{}` or of `/plants/{}`, which wraps the species.

    Raises:
        ProviderReplyUnreadable: this is no species.
    """
    data = reading.require_object(reading.require_object(payload, "The reply").get("data"), "data")
    species = data["main_species"] if isinstance(data.get("main_species"), dict) else data
    root = reading.require_object(species, "data")
    return TrefleSpecies(
        slug=_slug(root.get("slug")) or "",
        scientific_name=reading.require_name(root.get("scientific_name"), "scientific_name"),
        synonyms=_synonyms(root.get("synonyms")),
        statements=tuple(_statements(root)),
    )


def _name(item: Mapping[str, object]) -> TrefleName | None:
    name, slug = reading.text(item.get("scientific_name"), reading.NAME_CHARS), _slug(item.get("slug"))
    if name is None or slug is None:
        return None
    return TrefleName(slug=slug, scientific_name=name, synonyms=_synonyms(item.get("synonyms")))


def _slug(value: object) -> str | None:
    slug = reading.text(value, reading.NAME_CHARS)
    return slug if slug and _SLUG.fullmatch(slug) else None


def _synonyms(value: object) -> tuple[str, ...]:
    """Texts in lists, objects in the full shape."""
    names = [item.get("name") if isinstance(item, dict) else item for item in reading.as_list(value)]
    return reading.texts(names, at_most=MAX_SYNONYMS, limit=reading.NAME_CHARS)


def _statements(root: Mapping[str, object]) -> Iterator[Statement]:
    growth = reading.as_object(root.get("growth"))
    build = reading.as_object(root.get("specifications"))
    for field, (place, unit, read) in _GROWTH.items():
        yield from _state(field, read(growth.get(place)), unit)
    for field, (place, unit, read) in _SPECIFICATIONS.items():
        yield from _state(field, read(build.get(place)), unit)
    yield from _state("duration", _some_of(DURATIONS)(root.get("duration")))


def _state(field: str, value: Any, unit: str = "") -> Iterator[Statement]:
    if value is not None:
        yield Statement(field=field, value=value, unit=unit)


def _between(low: float, high: float) -> Callable[[object], float | int | None]:
    def read(value: object) -> float | int | None:
        found = reading.number(value)
        if found is None or not low <= found <= high:
            return None
        return int(found) if found == int(found) else found

    return read


def _in_unit(unit: str, low: float, high: float) -> Callable[[object], float | int | None]:
    read = _between(low, high)
    return lambda value: read(reading.as_object(value).get(unit))


def _word(value: object) -> str | None:
    found = reading.text(value, WORD_CHARS)
    return found.lower() if found else None


def _one_of(words: tuple[str, ...]) -> Callable[[object], str | None]:
    def read(value: object) -> str | None:
        word = _word(value)
        return word if word in words else None

    return read


def _some_of(words: tuple[str, ...]) -> Callable[[object], list[str] | None]:
    def read(value: object) -> list[str] | None:
        said = {word.lower() for word in reading.texts(value, limit=WORD_CHARS)}
        return [word for word in words if word in said] or None

    return read


# Our field -> Trefle's, its unit, and how to read it. What is out of bounds is a mistake, and left out.
_Place = tuple[str, str, Callable[[object], Any]]
_STEP, _LENGTH = _between(0, 10), _in_unit("cm", 1, 20_000)
_GROWTH: Mapping[str, _Place] = {
    "light": ("light", SCALE, _STEP),
    "humidity": ("atmospheric_humidity", SCALE, _STEP),
    "soil_humidity": ("soil_humidity", SCALE, _STEP),
    "soil_nutriments": ("soil_nutriments", SCALE, _STEP),
    "soil_salinity": ("soil_salinity", SCALE, _STEP),
    "soil_texture": ("soil_texture", SCALE, _STEP),
    "soil_ph_min": ("ph_minimum", "pH", _between(0, 14)),
    "soil_ph_max": ("ph_maximum", "pH", _between(0, 14)),
    "temperature_min": ("minimum_temperature", "degC", _in_unit("deg_c", -90, 60)),
    "temperature_max": ("maximum_temperature", "degC", _in_unit("deg_c", -90, 60)),
    "precipitation_min": ("minimum_precipitation", "mm", _in_unit("mm", 0, 15_000)),
    "precipitation_max": ("maximum_precipitation", "mm", _in_unit("mm", 0, 15_000)),
    "root_depth_min": ("minimum_root_depth", "cm", _LENGTH),
    "spread": ("spread", "cm", _LENGTH),
    "row_spacing": ("row_spacing", "cm", _LENGTH),
    "days_to_harvest": ("days_to_harvest", "d", _between(1, 10_000)),
    "growth_months": ("growth_months", "", _some_of(MONTHS)),
    "bloom_months": ("bloom_months", "", _some_of(MONTHS)),
    "fruit_months": ("fruit_months", "", _some_of(MONTHS)),
}
_SPECIFICATIONS: Mapping[str, _Place] = {
    "ligneous_type": ("ligneous_type", "", _word),
    "growth_habit": ("growth_habit", "", _word),
    "growth_rate": ("growth_rate", "", _word),
    "height_average": ("average_height", "cm", _LENGTH),
    "height_max": ("maximum_height", "cm", _LENGTH),
    "toxicity": ("toxicity", "", _one_of(TOXIC)),
}
