import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CATALOGUE_FILE = Path(__file__).with_name("catalogue.json")


@dataclass(frozen=True, slots=True)
class Hazard:
    target: str
    level: str | None
    parts: str | None
    effects: str | None
    source_key: str


@dataclass(frozen=True, slots=True)
class Plant:
    """One species with sourced facts; `None` where no source gave one (see SOURCES.md)."""

    scientific_name: str
    authorship: str
    genus: str
    family: str
    order: str | None
    class_: str | None
    phylum: str | None
    kingdom: str
    gbif_id: int
    powo_id: str | None
    common_names: dict[str, list[str]]
    synonyms: tuple[str, ...]
    watering: dict[str, int] | None
    light: str | None
    soil_ph: tuple[float, float] | None
    edible_parts: list[str] | None
    propagation_methods: list[str] | None
    toxicity: tuple[Hazard, ...]

    @property
    def slug(self) -> str:
        return self.scientific_name.replace(" \N{MULTIPLICATION SIGN} ", " x ").replace(" ", "-").lower()


class Catalogue:
    def __init__(self, plants: tuple[Plant, ...]) -> None:
        self.plants = plants
        self._by_name = {plant.scientific_name: plant for plant in plants}
        self._by_slug = {plant.slug: plant for plant in plants}
        self._by_genus: dict[str, list[Plant]] = {}
        for plant in plants:
            self._by_genus.setdefault(plant.genus, []).append(plant)
        self.with_congeners = tuple(p for p in plants if len(self._by_genus[p.genus]) > 1)
        self.with_synonyms = tuple(p for p in plants if p.synonyms)

    def find(self, scientific_name: str) -> Plant | None:
        return self._by_name.get(scientific_name)

    def find_by_slug(self, slug: str) -> Plant | None:
        return self._by_slug.get(slug)

    def of_genus(self, genus: str) -> list[Plant]:
        return self._by_genus.get(genus, [])

    def list_congeners(self, plant: Plant) -> list[Plant]:
        return [other for other in self._by_genus[plant.genus] if other is not plant]

    def walk_from(self, plant: Plant) -> Iterator[Plant]:
        """Every other plant once: first its own genus, then its family, then the rest in catalogue order."""
        start = self.plants.index(plant)
        others = self.plants[start + 1 :] + self.plants[:start]
        yield from (p for p in others if p.genus == plant.genus)
        yield from (p for p in others if p.genus != plant.genus and p.family == plant.family)
        yield from (p for p in others if p.family != plant.family)


@cache
def load_catalogue() -> Catalogue:
    rows: list[dict[str, Any]] = json.loads(CATALOGUE_FILE.read_text(encoding="utf-8"))
    return Catalogue(tuple(_read_plant(row) for row in rows))


def _read_plant(row: dict[str, Any]) -> Plant:
    return Plant(
        scientific_name=row["scientific_name"],
        authorship=row["authorship"],
        genus=row["genus"],
        family=row["family"],
        order=row["order"],
        class_=row["class"],
        phylum=row["phylum"],
        kingdom=row["kingdom"],
        gbif_id=row["gbif_id"],
        powo_id=row["powo_id"],
        common_names=row["common_names"],
        synonyms=tuple(row["synonyms"]),
        watering=row["watering"],
        light=row["light"],
        soil_ph=tuple(row["soil_ph"]) if row["soil_ph"] else None,
        edible_parts=row["edible_parts"],
        propagation_methods=row["propagation_methods"],
        toxicity=tuple(Hazard(**hazard) for hazard in row["toxicity"]),
    )
