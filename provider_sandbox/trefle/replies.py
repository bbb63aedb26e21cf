"""Trefle's two shapes of a species, filled from the catalogue; what that does not know is null."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from provider_sandbox.catalogue import Plant

LAST_MODIFIED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NOTE = "Sandbox text: this entry belongs to the provider sandbox."
# Words and steps of the catalogue on Trefle's scales of 0 to 10: see SOURCES.md, section 2.
LIGHT = {"shade": 3, "partial": 5, "full": 8}
SOIL_HUMIDITY = {1: 2, 2: 5, 3: 8}
NULL_GROWTH: Mapping[str, Any] = {
    **dict.fromkeys(("description", "sowing", "days_to_harvest", "atmospheric_humidity"), None),
    **dict.fromkeys(("growth_months", "bloom_months", "fruit_months"), None),
    **dict.fromkeys(("soil_nutriments", "soil_salinity", "soil_texture"), None),
    **{name: {"cm": None} for name in ("row_spacing", "spread", "minimum_root_depth")},
    **{name: {"mm": None} for name in ("minimum_precipitation", "maximum_precipitation")},
    **{name: {"deg_f": None, "deg_c": None} for name in ("minimum_temperature", "maximum_temperature")},
}
NULL_SPECIFICATIONS: Mapping[str, Any] = {
    **dict.fromkeys(("ligneous_type", "growth_form", "growth_habit", "growth_rate"), None),
    "average_height": {"cm": None},
    "maximum_height": {"cm": None},
    **dict.fromkeys(("nitrogen_fixation", "shape_and_orientation", "toxicity"), None),
}


def write_light(plant: Plant) -> dict[str, Any]:
    """An entry of a list: synonyms are texts here, and objects in the full shape."""
    return {
        "id": number_of(plant),
        "common_name": next(iter(plant.common_names.get("en", [])), None),
        "slug": plant.slug,
        "scientific_name": plant.scientific_name,
        "year": None,
        "bibliography": None,
        "author": plant.authorship or None,
        "status": "accepted",
        "rank": "species",
        "family_common_name": None,
        "genus_id": _number(plant.genus),
        "image_url": None,
        "synonyms": list(plant.synonyms),
        "genus": plant.genus,
        "family": plant.family,
        "links": {
            "self": f"/api/v1/species/{plant.slug}",
            "plant": f"/api/v1/plants/{plant.slug}",
            "genus": f"/api/v1/genus/{plant.genus.lower()}",
        },
    }


def write_full(plant: Plant) -> dict[str, Any]:
    ph_low, ph_high = plant.soil_ph or (None, None)
    return write_light(plant) | {
        "observations": NOTE,
        "vegetable": None,
        "edible": None,
        "edible_part": None,
        "duration": None,
        "images": {},
        "common_names": plant.common_names,
        "distribution": {},
        "distributions": {},
        "flower": {"color": None, "conspicuous": None},
        "foliage": {"texture": None, "color": None, "leaf_retention": None},
        "fruit_or_seed": {"conspicuous": None, "color": None, "shape": None, "seed_persistence": None},
        "specifications": dict(NULL_SPECIFICATIONS),
        "growth": {
            **NULL_GROWTH,
            "light": LIGHT.get(plant.light or ""),
            "soil_humidity": _soil_humidity(plant),
            "ph_minimum": ph_low,
            "ph_maximum": ph_high,
        },
        "synonyms": [
            {"id": _number(name), "name": name, "author": None, "sources": []} for name in plant.synonyms
        ],
        "sources": list(_write_sources(plant)),
        "extras": {},
    }


def _soil_humidity(plant: Plant) -> int | None:
    watering = plant.watering
    return SOIL_HUMIDITY[watering["max"]] if watering and watering["min"] == watering["max"] else None


def _write_sources(plant: Plant) -> Sequence[dict[str, Any]]:
    known = [("sandbox", plant.slug, None), ("GBIF", str(plant.gbif_id), "https://www.gbif.org/species/{}")]
    if plant.powo_id:
        known.append(
            ("POWO", f"urn:lsid:ipni.org:names:{plant.powo_id}", "http://powo.science.kew.org/taxon/{}")
        )
    return [
        {
            "last_update": LAST_MODIFIED.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "id": identifier,
            "name": name,
            "url": address and address.format(identifier),
            "citation": None,
        }
        for name, identifier, address in known
    ]


def write_plant(plant: Plant) -> dict[str, Any]:
    """`/plants/{id}` wraps the species; its own number is another one."""
    shared = write_light(plant)
    del shared["synonyms"], shared["status"], shared["rank"]
    return shared | {
        "id": _number(f"plant of {plant.slug}"),
        "main_species_id": number_of(plant),
        "observations": NOTE,
        "vegetable": None,
        "main_species": write_full(plant),
    }


def write_one(data: Mapping[str, Any]) -> dict[str, Any]:
    synonyms = data.get("main_species", data)["synonyms"]
    meta = {"images_count": 0, "sources_count": 0, "synonyms_count": len(synonyms)}
    return {"data": data, "meta": meta | {"last_modified": LAST_MODIFIED.isoformat()}}


def write_page(
    plants: Sequence[Plant], *, path: str, query: Mapping[str, str], page: int, size: int
) -> dict[str, Any]:
    last = max(1, -(-len(plants) // size))
    pages = {"self": page, "first": 1, "last": last}
    pages |= {"prev": page - 1} if page > 1 else {}
    pages |= {"next": page + 1} if page < last else {}
    kept = {name: text for name, text in query.items() if name not in {"token", "page"}}
    links = {
        name: f"{path}?{urlencode(kept | ({'page': str(number)} if name != 'self' or page > 1 else {}))}"
        for name, number in pages.items()
    }
    shown = plants[(page - 1) * size : page * size]
    return {
        "data": [write_light(plant) for plant in shown],
        "links": links,
        "meta": {"total": len(plants)},
    }


def number_of(plant: Plant) -> int:
    return _number(f"species {plant.slug}")


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:3], "big") + 1
