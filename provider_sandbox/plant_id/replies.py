"""The JSON of an identification, written from what is stored and the view that is asked for."""

import datetime as dt
from typing import Any

from provider_sandbox.catalogue import Catalogue
from provider_sandbox.outcomes import Kind, Outcome
from provider_sandbox.plant_id.details import CC0, describe_candidate, describe_disease, entity_id
from provider_sandbox.plant_id.diseases import BY_NAME, DISEASES, Disease
from provider_sandbox.plant_id.orders import View
from provider_sandbox.plant_id.store import Identification
from provider_sandbox.ranking import Candidate, rank_for_plant_id
from provider_sandbox.wire import stable_id

MODEL_VERSION = "plant_id:sandbox-5.1.1"
IS_PLANT_THRESHOLD = 0.5
IS_HEALTHY_THRESHOLD = 0.5


def is_ill(outcome: Outcome) -> bool:
    return outcome.kind is Kind.ILL


def write_identification(
    identification: Identification, *, view: View, catalogue: Catalogue, base_url: str, now: dt.datetime
) -> dict[str, Any]:
    done = now >= identification.completed
    reply: dict[str, Any] = {
        "access_token": identification.access_token,
        "model_version": MODEL_VERSION,
        "custom_id": identification.custom_id,
        "input": _write_input(identification, base_url),
    }
    if done:
        reply["result"] = _write_result(identification, view, catalogue, base_url)
    reply |= {
        "status": "COMPLETED" if done else "CREATED",
        "sla_compliant_client": True,
        "sla_compliant_system": True,
        "created": identification.created.timestamp(),
        "completed": identification.completed.timestamp() if done else None,
    }
    if identification.feedback is not None:
        reply["feedback"] = identification.feedback
    return reply


def _write_input(identification: Identification, base_url: str) -> dict[str, Any]:
    order = identification.order
    taken_at = order.taken_at or identification.created
    return {
        "latitude": order.latitude,
        "longitude": order.longitude,
        **order.sent,
        "images": [f"{base_url}/media/{picture.name}.png" for picture in order.pictures],
        "datetime": taken_at.isoformat(timespec="microseconds"),
    }


def _write_result(
    identification: Identification, view: View, catalogue: Catalogue, base_url: str
) -> dict[str, Any]:
    outcome, order = identification.outcome, identification.order
    parts: dict[str, Any] = {"is_plant": _judge_plant(outcome)}
    if order.health != "only":
        suggestions = [
            _write_suggestion(candidate, identification, view, base_url)
            for candidate in _choose_candidates(identification, catalogue)
        ]
        raw = order.sent.get("classification_raw", False)
        parts["classification"] = {"suggestions": _by_rank(suggestions, order.sent) if raw else suggestions}
    if identification.has_health:
        parts["is_healthy"] = _judge_health(outcome)
        parts["disease"] = _write_diseases(identification, view, base_url)
    # The service's key order is not stable, so nobody may rely on it here either.
    return dict(sorted(parts.items(), key=lambda part: outcome.fraction(f"order:{part[0]}")))


def _choose_candidates(identification: Identification, catalogue: Catalogue) -> list[Candidate]:
    level = identification.order.sent.get("classification_level")
    ranked = rank_for_plant_id(identification.outcome, catalogue)
    if level != "genus":
        return ranked
    best: dict[str, Candidate] = {}
    for candidate in ranked:
        best.setdefault(candidate.genus, Candidate(candidate.score, candidate.genus, None))
    return list(best.values())


def _by_rank(suggestions: list[dict[str, Any]], sent: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {"species": [], "genus": []}
    if sent.get("classification_level") == "all":
        grouped["infraspecies"] = []  # the catalogue holds species only
    for suggestion in suggestions:
        grouped["species" if " " in suggestion["name"] else "genus"].append(suggestion)
    return grouped


def _write_suggestion(
    candidate: Candidate, identification: Identification, view: View, base_url: str
) -> dict[str, Any]:
    suggestion: dict[str, Any] = {
        "id": entity_id(candidate),
        "name": candidate.name,
        "probability": candidate.score,
    }
    if identification.order.similar_images:
        suggestion["similar_images"] = write_similar_images(
            identification.outcome, entity_id(candidate), base_url
        )
    suggestion["details"] = describe_candidate(
        candidate, wanted=view.details, languages=view.languages, base_url=base_url
    )
    return suggestion


def write_similar_images(outcome: Outcome, entity: str, base_url: str) -> list[dict[str, Any]]:
    images = []
    for number in (1, 2):
        image_id = stable_id(f"similar:{entity}:{number}", 40)
        image: dict[str, Any] = {"id": image_id, "url": f"{base_url}/media/{image_id}.png"}
        if number == 1:  # the licence is optional in the service's replies too
            image |= {**CC0, "citation": "provider sandbox"}
        image["similarity"] = round(outcome.between(image_id, 0.4, 0.8), 3)
        image["url_small"] = f"{base_url}/media/{image_id}.small.png"
        images.append(image)
    return sorted(images, key=lambda image: -image["similarity"])


def _judge_plant(outcome: Outcome) -> dict[str, Any]:
    if outcome.kind is Kind.NOT_A_PLANT:
        probability = outcome.between("is_plant", 0.005, 0.3)
    else:
        probability = outcome.between("is_plant", 0.9, 1.0)
    return {
        "probability": round(probability, 7),
        "threshold": IS_PLANT_THRESHOLD,
        "binary": probability > IS_PLANT_THRESHOLD,
    }


def _judge_health(outcome: Outcome) -> dict[str, Any]:
    low, high = (0.03, 0.35) if is_ill(outcome) else (0.8, 0.98)
    probability = outcome.between("is_healthy", low, high)
    return {
        "binary": probability > IS_HEALTHY_THRESHOLD,
        "probability": probability,
        "threshold": IS_HEALTHY_THRESHOLD,
    }


def _write_diseases(identification: Identification, view: View, base_url: str) -> dict[str, Any]:
    outcome = identification.outcome
    count = 3 if is_ill(outcome) else 1
    ranked = sorted(DISEASES, key=lambda disease: outcome.fraction(f"disease:{disease.name}"))
    score = outcome.between("disease_top", *((0.45, 0.9) if is_ill(outcome) else (0.02, 0.15)))
    suggestions = []
    for disease in ranked[: len(ranked) if view.full_disease_list else count]:
        suggestions.append(_write_disease(disease, round(score, 4), identification, view, base_url))
        score *= outcome.between(f"disease_fall:{disease.name}", 0.3, 0.8)
    question = _write_question(suggestions[0], suggestions[1]) if is_ill(outcome) else None
    return {"suggestions": suggestions, "question": question}


def _write_disease(
    disease: Disease, score: float, identification: Identification, view: View, base_url: str
) -> dict[str, Any]:
    suggestion: dict[str, Any] = {"id": disease.entity_id, "name": disease.name, "probability": score}
    if identification.order.similar_images:
        images = write_similar_images(identification.outcome, disease.entity_id, base_url)
        suggestion["similar_images"] = images
    suggestion["details"] = describe_disease(disease, wanted=view.details, languages=view.languages)
    return suggestion


def _write_question(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    text = BY_NAME[first["name"]].question

    def option(index: int, suggestion: dict[str, Any], answer: str) -> dict[str, Any]:
        return {
            "suggestion_index": index,
            "entity_id": suggestion["id"],
            "name": suggestion["name"],
            "translation": answer,
        }

    options = {"yes": option(0, first, "Yes"), "no": option(1, second, "No")}
    return {"text": text, "translation": text, "options": options}
