"""The starter catalogue as it lies in `data/`: read and checked, nothing else.

What the fields mean, where each value is from and what is known to be wrong stands in `data/SOURCES.md`.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec

from apps.plant_identification.models import ToxicityTarget

DATA = Path(__file__).resolve().parents[2] / "data"
CATALOGUE = "catalogue"  # who says it, in `PlantSpecies.sources`


class Source(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    title: str
    url: str
    licence: str
    licence_class: Literal["A", "B"]
    read_on: date
    credit: str = ""
    is_verified: bool = True


class Hazard(msgspec.Struct, frozen=True, kw_only=True):
    source: str
    target: ToxicityTarget
    level: str = ""
    parts: str = ""
    effects: str = ""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    species: str
    file: str
    caption: str
    author: str
    licence: str
    source: str
    source_url: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    authorship: str = ""
    family: str = ""
    genus: str = ""
    gbif_id: int | None = None
    powo_id: str = ""
    common_names: Mapping[str, list[str]] = {}
    synonyms: list[str] = []
    sources: list[str] = []
    facts: Mapping[str, Mapping[str, list[Any]]] = {}  # source -> field -> [value] or [value, unit]
    toxicity: list[Hazard] = []


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    sources: list[Source]
    pictures: list[Picture]
    entries: list[Entry] = []


def read_catalogue() -> Catalogue:
    catalogue = msgspec.json.decode((DATA / "catalogue.json").read_bytes(), type=Catalogue)
    entries = msgspec.json.Decoder(Entry).decode_lines((DATA / "species.jsonl").read_bytes())
    return msgspec.structs.replace(catalogue, entries=entries)
