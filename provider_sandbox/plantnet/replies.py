"""The JSON of a Pl@ntNet identification, with members that come and go as in real replies."""

import datetime as dt
from typing import Any

from provider_sandbox.catalogue import Plant
from provider_sandbox.outcomes import Outcome
from provider_sandbox.plantnet.orders import Order
from provider_sandbox.ranking import BEST_MATCH_FROM, Candidate
from provider_sandbox.uploads import Picture
from provider_sandbox.wire import stable_id

ENGINE_VERSION = "2026-03-20 (7.5-sandbox)"
WORLD_FLORA = "k-world-flora"
OTHER_FLORA = "useful"
PREDICTABLE_ORGANS = ("leaf", "flower", "fruit", "bark", "habit")
SWITCH_SHARE = 0.03


def write_identification(
    *, outcome: Outcome, ranked: list[Candidate], order: Order, project: str, base_url: str, remaining: int
) -> dict[str, Any]:
    reply: dict[str, Any] = {
        "query": {
            "project": project,
            "images": [picture.name for picture in order.pictures],
            "organs": list(order.organs),
            "includeRelatedImages": order.related_images,
            "noReject": order.no_reject,
            "type": order.engine,
        },
        "predictedOrgans": [
            _predict_organ(outcome, picture, organ)
            for picture, organ in zip(order.pictures, order.organs, strict=True)
        ],
        "language": order.language,
    }
    if project == "all" and outcome.fraction("switch") < SWITCH_SHARE:
        reply["switchToProject"] = OTHER_FLORA  # then the service leaves preferedReferential out
    else:
        reply["preferedReferential"] = WORLD_FLORA if project == "all" else project
    if ranked and ranked[0].score >= BEST_MATCH_FROM:
        reply["bestMatch"] = _write_name(ranked[0])["scientificName"]
    reply["results"] = [_write_result(candidate, order, base_url) for candidate in ranked]
    reply["version"] = ENGINE_VERSION
    reply["remainingIdentificationRequests"] = remaining
    return reply


def write_species(plant: Plant, language: str) -> dict[str, Any]:
    """One row of a flora's species list: here the GBIF id is a number, and a missing id the word "null"."""
    return {
        "id": str(int(stable_id(plant.scientific_name, 6), 16)),
        "commonNames": plant.common_names.get(language, []),
        "genus": plant.genus,
        "family": plant.family,
        "scientificNameWithoutAuthor": plant.scientific_name,
        "scientificNameAuthorship": plant.authorship,
        "gbifId": plant.gbif_id,
        "powoId": plant.powo_id or "null",
    }


def _predict_organ(outcome: Outcome, picture: Picture, organ: str) -> dict[str, Any]:
    if organ == "auto":
        organ = PREDICTABLE_ORGANS[int(outcome.fraction(f"organ:{picture.name}") * len(PREDICTABLE_ORGANS))]
    return {
        "image": picture.name,
        "filename": picture.filename,
        "organ": organ,
        "score": round(outcome.between(f"organ_score:{picture.name}", 0.4, 0.99), 5),
    }


def _write_result(candidate: Candidate, order: Order, base_url: str) -> dict[str, Any]:
    plant = candidate.plant
    assert plant is not None  # noqa: S101  Pl@ntNet ranks species only
    result: dict[str, Any] = {
        "score": candidate.score,
        "species": {
            **{key: text for key, text in _write_name(candidate).items() if key != "scientificName"},
            "genus": _write_taxon(candidate.name.split(" ")[0]),
            "family": _write_taxon(plant.family),
            "commonNames": plant.common_names.get(order.language, []),
            "scientificName": _write_name(candidate)["scientificName"],
        },
    }
    if order.related_images:
        result["images"] = [_write_image(plant, number, base_url) for number in (1, 2)]
    if candidate.synonym is None:  # the catalogue holds the ids of accepted names only
        result["gbif"] = {"id": str(plant.gbif_id)}
        if plant.powo_id:
            result["powo"] = {"id": plant.powo_id}
    return result


def _write_name(candidate: Candidate) -> dict[str, str]:
    author = "" if candidate.synonym or candidate.plant is None else candidate.plant.authorship
    return {
        "scientificNameWithoutAuthor": candidate.name,
        "scientificNameAuthorship": author,
        "scientificName": f"{candidate.name} {author}".strip(),
    }


def _write_taxon(name: str) -> dict[str, str]:
    return {"scientificNameWithoutAuthor": name, "scientificNameAuthorship": "", "scientificName": name}


def _write_image(plant: Plant, number: int, base_url: str) -> dict[str, Any]:
    image_id = stable_id(f"plantnet:{plant.scientific_name}:{number}", 40)
    day = dt.datetime(2026, 1, number, 12, tzinfo=dt.UTC)
    large, small = f"{base_url}/media/{image_id}.png", f"{base_url}/media/{image_id}.small.png"
    return {
        "organ": "leaf",
        "author": "provider sandbox",
        "license": "cc0",
        "date": {"timestamp": int(day.timestamp() * 1000), "string": f"January {number}, 2026"},
        "url": {"o": large, "m": large, "s": small},
        "citation": "provider sandbox, generated picture, cc0",
    }
