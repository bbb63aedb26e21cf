"""The candidates of an answer as rows, each with what every model said of it.

A model is a provider and the version it says it has. Its favourite is what it scored highest: that, and not
the headline, is what a model can be held to (`services/model_report.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from apps.core.db import insert_rows
from apps.plant_identification.models import IdentificationAnswer, PlantIdentificationResult
from apps.plant_identification.services.fusion import CONTROL
from apps.plant_identification.types import ProviderReply

VERSION_CHARS = 200


def save_results(
    answer: IdentificationAnswer, replies: Sequence[ProviderReply], species: Mapping[str, Any]
) -> None:
    """`species` are the ids of the names that are species of ours."""
    suggestions = answer.document["suggestions"]
    favourites = {reply.provider: _favourite_of(reply, suggestions) for reply in replies}
    versions = [reply.model_version for reply in replies if reply.model_version]
    rows = []
    for suggestion in suggestions:
        models = [
            _opinion(reply, suggestion, is_favourite=favourites[reply.provider] is suggestion)
            for reply in replies
            if suggestion["provider_scores"].get(reply.provider) is not None
        ]
        row = PlantIdentificationResult(
            answer_id=answer.pk,
            species_id=species.get(suggestion["scientific_name"]),
            rank_position=suggestion["rank_position"],
            scientific_name=suggestion["scientific_name"],
            confidence_score=suggestion["confidence"],
            provider_scores=suggestion["provider_scores"],
            model_version=", ".join(versions)[:VERSION_CHARS],
            model_confidence=max((model["score"] for model in models), default=0),
            model_metadata={
                "agreement": answer.agreement,
                "fusion": answer.options.get("fusion", CONTROL.key),
                "from_sandbox": settings.PROVIDER_SANDBOX,
                "models": models,
            },
            is_favourite=any(model["is_favourite"] for model in models),
        )
        rows.append(row)
    insert_rows(rows)


def _opinion(
    reply: ProviderReply, suggestion: Mapping[str, Any], *, is_favourite: bool
) -> dict[str, str | float | bool]:
    return {
        "provider": reply.provider,
        "version": (reply.model_version or "")[:VERSION_CHARS],
        "score": suggestion["provider_scores"][reply.provider],
        "is_favourite": is_favourite,
    }


def _favourite_of(reply: ProviderReply, suggestions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """None where it is not listed. A genus is one only if no species of the same score is."""
    best = max((said.score for said in reply.suggestions), default=None)
    listed = (each for each in suggestions if each["provider_scores"].get(reply.provider) == best)
    return min(listed, key=lambda each: each["rank"] == "genus", default=None) if best is not None else None
