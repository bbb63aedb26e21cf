"""Name search and single entities: `/kb/plants/…` and `/kb/diseases/…`."""

from collections.abc import Iterator, Mapping
from typing import Any

from provider_sandbox.catalogue import Catalogue
from provider_sandbox.plant_id.details import describe_candidate, describe_disease
from provider_sandbox.plant_id.diseases import DISEASES
from provider_sandbox.plant_id.orders import View
from provider_sandbox.ranking import Candidate
from provider_sandbox.wire import Refused, stable_id

DEFAULT_LIMIT = 10
MAX_LIMIT = 20


class KnowledgeBase:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._plants = {_token("plants", plant.scientific_name): plant for plant in catalogue.plants}
        self._diseases = {_token("diseases", disease.name): disease for disease in DISEASES}

    def search(self, *, kind: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Names that begin with, then names that contain the query, each entity once."""
        wanted = query.get("q", "").strip().lower()
        if not wanted:
            raise Refused(400, "q: missing query.")
        limit = _read_limit(query.get("limit"))
        language = query.get("language") or query.get("lang") or "en"
        hits: dict[str, dict[str, Any]] = {}
        for name, matched_in, matched_in_type in self._list_names(kind, language):
            place = matched_in.lower().find(wanted)
            if place < 0 or (name in hits and hits[name]["match_position"] <= place):
                continue
            hits[name] = {
                "matched_in": matched_in,
                "matched_in_type": matched_in_type,
                "access_token": _token(kind, name),
                "match_position": place,
                "match_length": len(wanted),
                "entity_name": name,
            }
        found = sorted(hits.values(), key=lambda hit: (hit["match_position"], hit["entity_name"]))
        return {"entities": found[:limit], "entities_trimmed": len(found) > limit, "limit": limit}

    def describe(self, *, kind: str, token: str, view: View, base_url: str) -> dict[str, Any]:
        plant, disease = self._plants.get(token), self._diseases.get(token)
        if kind == "plants" and plant is not None:
            candidate = Candidate(1.0, plant.genus, plant)
            told = describe_candidate(
                candidate, wanted=view.details, languages=view.languages, base_url=base_url
            )
            return {**told, "name": plant.scientific_name}
        if kind == "diseases" and disease is not None:
            told = describe_disease(disease, wanted=view.details, languages=view.languages)
            return {**told, "name": disease.name}
        raise Refused(404, "The requested entity does not exist.")

    def _list_names(self, kind: str, language: str) -> Iterator[tuple[str, str, str]]:
        if kind == "diseases":
            yield from ((disease.name, disease.name, "entity_name") for disease in DISEASES)
            return
        for plant in self._catalogue.plants:
            name = plant.scientific_name
            yield name, name, "entity_name"
            yield from ((name, synonym, "synonym") for synonym in plant.synonyms)
            yield from ((name, common, "common_name") for common in plant.common_names.get(language, ()))


def _token(kind: str, name: str) -> str:
    return stable_id(f"{kind}:{name}", 15)


def _read_limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not text.isdecimal() or not 1 <= int(text) <= MAX_LIMIT:
        raise Refused(400, f"limit has to be a number from 1 to {MAX_LIMIT}.")
    return int(text)
