"""What each version of each service's model is worth: how sure it is, and how often it is right.

A model is held to its favourite, not to the answer that was made of several: `right` confirms the favourite
that is the headline and refutes another one; `it is …` names what the favourite has to be; `wrong` refutes a
favourite that is the headline, and says nothing of another. A genus and one of its species neither confirm
nor refute each other. Rows of releases that noted no favourites are not in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from apps.plant_identification.services.experiment_report import (
    AGREEMENTS,
    BINS,
    Period,
    Spread,
    spread_of,
)
from apps.plant_identification.services.proportions import Proportion

MODELS_MAX = 200  # versions; a service has a few in a year
_BINS = ", ".join(
    f"count(*) FILTER (WHERE least(width_bucket(score, 0, 1, {BINS}), {BINS}) = {number + 1}) AS bin_{number}"
    for number in range(BINS)
)
_AGREEMENTS = ", ".join(
    f"count(*) FILTER (WHERE agreement = '{word}') AS agreed_{word}" for word in AGREEMENTS
)
_STATEMENT = f"""
WITH favourite AS MATERIALIZED (
    SELECT result.answer_id, result.species_id, result.scientific_name,
        result.model_metadata->>'agreement' AS agreement,
        said->>'provider' AS provider, said->>'version' AS version, (said->>'score')::float AS score
    FROM plant_identification_plantidentificationresult AS result
    CROSS JOIN LATERAL jsonb_array_elements(result.model_metadata->'models') AS said
    WHERE result.is_favourite AND result.created_at >= %(since)s AND result.created_at < %(until)s
        AND (said->>'is_favourite')::boolean
        AND (result.model_metadata->>'from_sandbox')::boolean = %(from_sandbox)s
), judged AS (
    SELECT favourite.provider, favourite.version, CASE
        WHEN favourite.species_id = feedback.species_id OR favourite.scientific_name = truth.name THEN TRUE
        WHEN feedback.verdict = 'wrong' OR feedback.species_id IS NULL AND feedback.verdict = 'other'
            THEN CASE WHEN favourite.scientific_name = answer.plant_name THEN FALSE END
        WHEN starts_with(favourite.scientific_name, truth.name || ' ')
            OR starts_with(truth.name, favourite.scientific_name || ' ') THEN NULL
        ELSE FALSE END AS is_right
    FROM plant_identification_identificationfeedback AS feedback
    JOIN plant_identification_plantidentificationrequest AS request ON request.id = feedback.request_id
    JOIN plant_identification_identificationanswer AS answer ON answer.id = request.answer_id
    JOIN favourite ON favourite.answer_id = answer.id
    CROSS JOIN LATERAL (
        SELECT CASE feedback.verdict WHEN 'right' THEN answer.plant_name ELSE feedback.scientific_name END
    ) AS truth (name)
    WHERE request.deleted_at IS NULL AND request.from_sandbox = %(from_sandbox)s AND answer.plant_name <> ''
), accuracy AS (
    SELECT provider, version, count(is_right) AS judged, count(*) FILTER (WHERE is_right) AS right_ones
    FROM judged GROUP BY provider, version
)
SELECT favourite.provider, favourite.version, count(*) AS answers, avg(score) AS mean,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY score) AS median, {_AGREEMENTS}, {_BINS},
    max(accuracy.judged) AS judged, max(accuracy.right_ones) AS right_ones
FROM favourite LEFT JOIN accuracy USING (provider, version)
GROUP BY favourite.provider, favourite.version
ORDER BY favourite.provider, answers DESC, favourite.version
LIMIT {MODELS_MAX}
"""  # noqa: S608 - made of our own constants


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFigures:
    provider: str
    model_version: str
    answers: int
    confidence: Spread  # the model's own score of its favourite
    agreement: Mapping[str, int]  # of the answers its favourites are in
    accuracy: Proportion


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReport:
    period: Period
    from_sandbox: bool
    models: tuple[ModelFigures, ...]


def report_models(period: Period) -> ModelReport:
    from_sandbox = settings.PROVIDER_SANDBOX
    with connection.cursor() as cursor:
        cursor.execute(
            _STATEMENT, {"since": period.since, "until": period.until, "from_sandbox": from_sandbox}
        )
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return ModelReport(period=period, from_sandbox=from_sandbox, models=tuple(_figures(row) for row in rows))


def _figures(row: Mapping[str, Any]) -> ModelFigures:
    return ModelFigures(
        provider=row["provider"],
        model_version=row["version"],
        answers=row["answers"],
        confidence=spread_of(row),
        agreement={word: row[f"agreed_{word}"] for word in AGREEMENTS},
        accuracy=Proportion(right=row["right_ones"] or 0, judged=row["judged"] or 0),
    )
