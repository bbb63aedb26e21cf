"""The health part of a Plant.id v3 reply. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from apps.plant_identification.services import reading
from apps.plant_identification.types import Disease, HealthAssessment, HealthQuestion, Treatment

_WORDS = ("local_name", "description", "treatment")


def parse_health(result: Mapping[str, object], languages: Sequence[str]) -> HealthAssessment | None:
    """`None` where health was not asked for.

    The service's threshold moves with its model, so its verdict is taken and never worked out.

    Raises:
        ProviderReplyUnreadable: the verdict, a name or a probability is not what it has to be.
    """
    if result.get("is_healthy") is None:
        return None
    verdict = reading.require_object(result["is_healthy"], "is_healthy")
    disease = result.get("disease")
    found = {} if disease is None else reading.require_object(disease, "disease")
    return HealthAssessment(
        is_healthy=reading.require_bool(verdict.get("binary"), "is_healthy.binary"),
        probability=reading.probability(verdict.get("probability")),
        question=_parse_question(found.get("question"), languages),
        diseases=tuple(_parse_diseases(found.get("suggestions"), languages)),
    )


def _parse_diseases(suggestions: object, languages: Sequence[str]) -> Iterator[Disease]:
    if suggestions is None:
        return
    entries = [
        (reading.require_score(entry.get("probability"), "disease probability"), entry)
        for entry in (
            reading.require_object(listed, "disease")
            for listed in reading.require_list(suggestions, "diseases")
        )
    ]
    entries.sort(key=lambda scored: -scored[0])
    for score, entry in entries[: reading.MAX_SUGGESTIONS]:
        yield _parse_disease(entry, score, languages)


def _parse_disease(entry: Mapping[str, object], score: float, languages: Sequence[str]) -> Disease:
    details, spoken = reading.in_one_language(reading.as_object(entry.get("details")), languages)
    said = reading.text(details.get("language"), reading.NAME_CHARS)
    told = {name: spoken.get(name) or said for name in _WORDS if details.get(name)}
    return Disease(
        name=reading.require_name(entry.get("name"), "disease name"),
        probability=score,
        local_name=reading.text(details.get("local_name"), reading.NAME_CHARS),
        description=_description(details.get("description")),
        treatment=_parse_treatment(details.get("treatment")),
        url=reading.web_address(details.get("url")),
        languages={name: language for name, language in told.items() if language},
    )


def _description(value: object) -> str | None:
    """Plain text for diseases; an object with its credits is what plants have, and is read all the same."""
    return reading.text(value) or reading.text(reading.as_object(value).get("value"))


def _parse_treatment(value: object) -> Treatment | None:
    treatment = reading.as_object(value)
    kinds = {kind: reading.texts(treatment.get(kind)) for kind in ("biological", "chemical", "prevention")}
    return Treatment(**kinds) if any(kinds.values()) else None


def _parse_question(value: object, languages: Sequence[str]) -> HealthQuestion | None:
    question, _ = reading.in_one_language(reading.as_object(value), languages)
    asked = reading.text(question.get("translation")) or reading.text(question.get("text"))
    if asked is None:
        return None
    return HealthQuestion(text=asked, options=tuple(_parse_options(question.get("options"), languages)))


def _parse_options(value: object, languages: Sequence[str]) -> Iterator[str]:
    options = reading.as_object(value)
    for answer in ("yes", "no"):
        option, _ = reading.in_one_language(reading.as_object(options.get(answer)), languages)
        label = reading.text(option.get("translation"), reading.NAME_CHARS) or answer
        name = reading.text(option.get("name"), reading.NAME_CHARS)
        if name is not None:
            yield f"{label}: {name}"
