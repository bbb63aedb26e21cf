"""The `details` of plants and diseases: sourced facts, `None` without a source, and marked sandbox texts."""

from collections.abc import Callable, Iterable
from typing import Any

from provider_sandbox.plant_id.diseases import MARK, Disease
from provider_sandbox.ranking import Candidate
from provider_sandbox.wire import stable_id

CC0 = {"license_name": "CC0 1.0", "license_url": "https://creativecommons.org/publicdomain/zero/1.0/"}
WATERING_WORDS = {1: "low", 2: "moderate", 3: "high"}
LIGHT_WORDS = {"full": "full sun", "partial": "partial shade", "shade": "shade"}


def entity_id(candidate: Candidate) -> str:
    """A synonym is a name of the same plant, and keeps its id."""
    return stable_id(f"taxon:{candidate.plant.scientific_name if candidate.plant else candidate.genus}", 16)


def describe_candidate(
    candidate: Candidate, *, wanted: Iterable[str], languages: tuple[str, ...], base_url: str
) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name in wanted:
        if name in LOCALIZED:
            facts[name] = _in_each(
                languages,
                lambda code, name=name: LOCALIZED[name](candidate, code, base_url),  # type: ignore[misc]
            )
        elif name in PLAIN:
            facts[name] = PLAIN[name](candidate, base_url)
    return {**facts, "language": _spoken(languages), "entity_id": entity_id(candidate)}


def describe_disease(
    disease: Disease, *, wanted: Iterable[str], languages: tuple[str, ...]
) -> dict[str, Any]:
    localized: dict[str, Any] = {
        "local_name": disease.name,
        "description": MARK + disease.description,
        "url": None,
        "common_names": None,
    }
    plain = {
        "treatment": disease.treatment,
        "classification": list(disease.classification),
        "cause": None,
    }
    facts: dict[str, Any] = {}
    for name in wanted:
        if name in localized:
            facts[name] = _in_each(languages, lambda _, name=name: localized[name])  # type: ignore[misc]
        elif name in plain:
            facts[name] = plain[name]
    return {**facts, "language": _spoken(languages), "entity_id": disease.entity_id}


def _in_each(languages: tuple[str, ...], tell: Callable[[str], Any]) -> Any:
    """With one language the bare value, with several an object keyed by language."""
    if len(languages) == 1:
        return tell(languages[0])
    return {code: tell(code) for code in languages}


def _spoken(languages: tuple[str, ...]) -> Any:
    return languages[0] if len(languages) == 1 else list(languages)


def _common_names(candidate: Candidate, language: str, _: str) -> list[str] | None:
    return candidate.plant.common_names.get(language) if candidate.plant else None


def _url(candidate: Candidate, _: str, base_url: str) -> str | None:
    return f"{base_url}/catalogue/{candidate.plant.slug}" if candidate.plant else None


def _description(candidate: Candidate, language: str, base_url: str) -> dict[str, Any] | None:
    plant = candidate.plant
    if plant is None:
        return None
    value = f"{MARK}{plant.scientific_name} is a species of the family {plant.family}."
    return {"value": value, "citation": _url(candidate, language, base_url), **CC0}


def _taxonomy(candidate: Candidate, _: str) -> dict[str, Any] | None:
    plant = candidate.plant
    if plant is None:
        return None
    return {
        "class": plant.class_,
        "genus": plant.genus,
        "order": plant.order,
        "family": plant.family,
        "phylum": plant.phylum,
        "kingdom": plant.kingdom,
    }


def _name_authority(candidate: Candidate, _: str) -> str | None:
    """Only of accepted names: the catalogue holds no authors of synonyms."""
    if candidate.plant is None or candidate.synonym:
        return None
    return f"{candidate.plant.scientific_name} {candidate.plant.authorship}"


def _gbif_id(candidate: Candidate, _: str) -> int | None:
    """GBIF gives a synonym a key of its own, which the catalogue does not hold."""
    return None if candidate.plant is None or candidate.synonym else candidate.plant.gbif_id


def _synonyms(candidate: Candidate, _: str) -> list[str] | None:
    if candidate.plant is None:
        return None
    names = (candidate.plant.scientific_name, *candidate.plant.synonyms)
    return [name for name in names if name != candidate.name]


def _image(candidate: Candidate, base_url: str) -> dict[str, Any] | None:
    if candidate.plant is None:
        return None
    value = f"{base_url}/media/{entity_id(candidate)}.png"
    return {"value": value, "citation": "provider sandbox", **CC0}


def _images(candidate: Candidate, base_url: str) -> list[dict[str, Any]] | None:
    image = _image(candidate, base_url)
    return [image] if image else None


def _best_watering(candidate: Candidate, _: str) -> str | None:
    watering = candidate.plant.watering if candidate.plant else None
    if watering is None:
        return None
    return f"{MARK}water need {WATERING_WORDS[watering['min']]}."


def _best_light(candidate: Candidate, _: str) -> str | None:
    light = candidate.plant.light if candidate.plant else None
    return f"{MARK}grows in {LIGHT_WORDS[light]}." if light else None


def _best_soil(candidate: Candidate, _: str) -> str | None:
    acidity = candidate.plant.soil_ph if candidate.plant else None
    return f"{MARK}soil pH {acidity[0]:g} to {acidity[1]:g}." if acidity else None


def _toxicity(candidate: Candidate, _: str) -> str | None:
    """No entry means unknown, never harmless."""
    hazards = candidate.plant.toxicity if candidate.plant else ()
    if not hazards:
        return None
    told = [f"{hazard.target}: {hazard.level or hazard.effects or 'toxic'}" for hazard in hazards]
    return f"{MARK}reported hazards: {'; '.join(told)}."


def _of_plant(attribute: str) -> Callable[[Candidate, str], Any]:
    return lambda candidate, _: getattr(candidate.plant, attribute) if candidate.plant else None


def _unknown(*_: object) -> None:
    return None


LOCALIZED: dict[str, Callable[[Candidate, str, str], Any]] = {
    "common_names": _common_names,
    "url": _url,
    "description": _description,
}
PLAIN: dict[str, Callable[[Candidate, str], Any]] = {
    "taxonomy": _taxonomy,
    "name_authority": _name_authority,
    "rank": lambda candidate, _: "species" if candidate.plant else "genus",
    "gbif_id": _gbif_id,
    "inaturalist_id": _unknown,
    "image": _image,
    "images": _images,
    "synonyms": _synonyms,
    "edible_parts": _of_plant("edible_parts"),
    "propagation_methods": _of_plant("propagation_methods"),
    "watering": _of_plant("watering"),
    "best_watering": _best_watering,
    "best_light_condition": _best_light,
    "best_soil_type": _best_soil,
    "common_uses": _unknown,
    "toxicity": _toxicity,
    "cultural_significance": _unknown,
}
