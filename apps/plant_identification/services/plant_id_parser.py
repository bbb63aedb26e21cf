"""Plant.id v3 replies, read into our types. Pure: no clock, no network, no settings."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from apps.plant_identification.exceptions import ProviderReplyUnreadable
from apps.plant_identification.services import reading
from apps.plant_identification.services.names import genus_of, rank_of
from apps.plant_identification.services.plant_id_health_parser import parse_health
from apps.plant_identification.services.provider import ProviderUsage
from apps.plant_identification.types import (
    Attribution,
    ProviderReply,
    ProviderSuggestion,
    Rank,
    SimilarImage,
    Watering,
)

PARSER_VERSION = 2
PROVIDER = "plant_id"

_TOKEN_CHARS = 100
_ENGLISH = {  # field of the answer -> detail
    "care_instructions.watering": "best_watering",
    "care_instructions.light": "best_light_condition",
    "care_instructions.soil": "best_soil_type",
    "toxicity": "toxicity",
}
_RAW_GROUPS = ("species", "genus", "infraspecies")
_INFRASPECIFIC = {"subspecies", "variety", "form", "subvariety", "subform", "cultivar", "infraspecies"}
# No limit is set for some windows; the windows that are too short or too long for ours are `day` and `week`.
_USAGE_WINDOWS = ("month", "total")

Status = Literal["completed", "failed", "pending"]


def parse_identification(payload: object, languages: Sequence[str] = ("en",)) -> ProviderReply:
    """`languages` are those that were asked for, the best first.

    Raises:
        ProviderReplyUnreadable: this is no finished identification.
    """
    root = reading.require_object(payload, "The reply")
    if identification_status(root) != "completed":
        raise ProviderReplyUnreadable("The identification is not completed.")
    result = reading.require_object(root.get("result"), "result")
    if not any(result.get(part) is not None for part in ("is_plant", "classification", "is_healthy")):
        raise ProviderReplyUnreadable("result says nothing.")
    is_plant, is_plant_probability = _parse_is_plant(result.get("is_plant"))
    return ProviderReply(
        provider=PROVIDER,
        model_version=reading.text(root.get("model_version"), reading.NAME_CHARS),
        is_plant=is_plant,
        is_plant_probability=is_plant_probability,
        suggestions=tuple(_parse_suggestions(result.get("classification"), languages)),
        health=parse_health(result, languages),
        access_token=reading.text(root.get("access_token"), _TOKEN_CHARS),
    )


def identification_status(payload: object) -> Status:
    """`pending` also for a status that is not known."""
    status = reading.as_object(payload).get("status")
    if status == "COMPLETED":
        return "completed"
    return "failed" if status == "FAILED" else "pending"


def parse_usage(payload: object) -> ProviderUsage:
    """Credits of the month, or of the account where the key has no monthly limit.

    Half credits count as whole ones, against us. A key that may not spend has nothing left, whatever the
    figures say.

    Raises:
        ProviderReplyUnreadable: this is no usage information.
    """
    root = reading.require_object(payload, "The reply")
    limits = reading.require_object(root.get("credit_limits"), "credit_limits")
    used = reading.as_object(root.get("used"))
    left = reading.as_object(root.get("remaining"))
    window = next((name for name in _USAGE_WINDOWS if reading.number(limits.get(name)) is not None), None)
    remaining = [_whole(left.get(name)) for name in ("day", "week", *_USAGE_WINDOWS)]
    known = [credits_left for credits_left in remaining if credits_left is not None]
    blocked = reading.as_object(root.get("can_use_credits")).get("value") is False
    return ProviderUsage(
        used=_whole(used.get(window), up=True) if window else None,
        limit=_whole(limits.get(window)) if window else None,
        remaining=0 if blocked else min(known, default=None),
    )


def _whole(value: object, *, up: bool = False) -> int | None:
    credit = reading.number(value)
    if credit is None:
        return None
    return max(0, -int(-credit // 1) if up else int(credit // 1))


def _parse_is_plant(value: object) -> tuple[bool | None, float | None]:
    if value is None:
        return None, None
    judged = reading.require_object(value, "is_plant")
    return (
        reading.require_bool(judged.get("binary"), "is_plant.binary"),
        reading.probability(judged.get("probability")),
    )


def _parse_suggestions(classification: object, languages: Sequence[str]) -> Iterator[ProviderSuggestion]:
    if classification is None:
        return
    suggestions = reading.require_object(classification, "classification").get("suggestions")
    entries = [
        (reading.require_score(entry.get("probability"), "probability"), group, entry)
        for group, entry in _entries(suggestions)
    ]
    entries.sort(key=lambda scored: -scored[0])
    for score, group, entry in entries[: reading.MAX_SUGGESTIONS]:
        yield _parse_suggestion(entry, score, group, languages)


def _entries(suggestions: object) -> Iterator[tuple[str | None, Mapping[str, object]]]:
    """One list, or one list per rank where `classification_raw` was asked for."""
    groups: dict[str | None, object] = {None: suggestions}
    if isinstance(suggestions, dict):
        groups = {group: suggestions[group] for group in _RAW_GROUPS if group in suggestions}
    for group, listed in groups.items():
        for entry in reading.require_list(listed, "suggestions"):
            yield group, reading.require_object(entry, "suggestion")


def _parse_suggestion(
    entry: Mapping[str, object], score: float, group: str | None, languages: Sequence[str]
) -> ProviderSuggestion:
    name = reading.require_name(entry.get("name"), "name")
    details, spoken = reading.in_one_language(reading.as_object(entry.get("details")), languages)
    taxonomy = _taxonomy(details.get("taxonomy"))
    description, description_attribution = _credited_text(details.get("description"))
    image_url, image_attribution = _credited_image(details.get("image"))
    return ProviderSuggestion(
        scientific_name=name,
        rank=_rank(details.get("rank"), group, name),
        score=score,
        authorship=_authorship(details.get("name_authority"), name),
        genus=taxonomy.get("genus") or genus_of(name),
        family=taxonomy.get("family"),
        gbif_id=reading.positive_int(details.get("gbif_id")),
        common_names=_names(details.get("common_names"), reading.MAX_COMMON_NAMES),
        languages=_languages(details, spoken),
        synonyms=_names(details.get("synonyms"), reading.MAX_SYNONYMS),
        taxonomy=taxonomy or None,
        url=reading.web_address(details.get("url")),
        description=description,
        description_attribution=description_attribution,
        image_url=image_url,
        image_attribution=image_attribution,
        edible_parts=_names(details.get("edible_parts"), reading.MAX_TEXTS) or None,
        propagation_methods=_names(details.get("propagation_methods"), reading.MAX_TEXTS) or None,
        watering=_watering(details.get("watering")),
        watering_text=reading.text(details.get("best_watering")),
        light_text=reading.text(details.get("best_light_condition")),
        soil_text=reading.text(details.get("best_soil_type")),
        toxicity=reading.text(details.get("toxicity")),
        similar_images=tuple(_similar_images(entry.get("similar_images"))),
    )


def _languages(details: Mapping[str, object], spoken: Mapping[str, str]) -> dict[str, str]:
    """Of the fields with words in them. The service writes about care and poison in English only."""
    said = reading.text(details.get("language"), reading.NAME_CHARS)
    told = {name: spoken.get(name) or said for name in ("common_names", "description") if details.get(name)}
    english = {name: spoken.get(detail, "en") for name, detail in _ENGLISH.items() if details.get(detail)}
    return {name: language for name, language in {**told, **english}.items() if language}


def _names(value: object, at_most: int) -> tuple[str, ...]:
    return reading.texts(value, at_most=at_most, limit=reading.NAME_CHARS)


def _rank(said: object, group: str | None, name: str) -> Rank:
    """The service's word, else the list it stood in, else what the name shows."""
    for word in (said, group):
        if word == "genus":
            return "genus"
        if word == "species":
            return "species"
        if isinstance(word, str) and word in _INFRASPECIFIC:
            return "infraspecies"
    return rank_of(name)


def _authorship(authority: object, name: str) -> str | None:
    """`name_authority` is the whole name with its author; only what follows the very same name is taken."""
    whole = reading.text(authority, reading.NAME_CHARS)
    if whole is None or not whole.startswith(f"{name} "):
        return None
    return whole.removeprefix(name).strip() or None


def _taxonomy(value: object) -> dict[str, str]:
    taxonomy: dict[str, str] = {}
    for level in ("kingdom", "phylum", "class", "order", "family", "genus"):
        name = reading.text(reading.as_object(value).get(level), reading.NAME_CHARS)
        if name is not None:
            taxonomy[level] = name
    return taxonomy


def _credited_text(value: object) -> tuple[str | None, Attribution | None]:
    said = reading.text(reading.as_object(value).get("value"))
    return (said, _attribution(value)) if said else (reading.text(value), None)


def _credited_image(value: object) -> tuple[str | None, Attribution | None]:
    address = reading.web_address(reading.as_object(value).get("value"))
    return (address, _attribution(value)) if address else (None, None)


def _attribution(value: object) -> Attribution | None:
    credit = reading.as_object(value)
    attribution = Attribution(
        citation=reading.text(credit.get("citation"), reading.URL_CHARS),
        license_name=reading.text(credit.get("license_name"), reading.NAME_CHARS),
        license_url=reading.web_address(credit.get("license_url")),
    )
    return None if attribution == Attribution() else attribution


def _watering(value: object) -> Watering | None:
    wanted = reading.as_object(value)
    least, most = (reading.positive_int(wanted.get(end)) for end in ("min", "max"))
    if least is None or most is None or not 1 <= least <= most <= 3:
        return None
    return Watering(min=least, max=most)


def _similar_images(value: object) -> Iterator[SimilarImage]:
    listed: Sequence[object] = reading.as_list(value)[: reading.MAX_SIMILAR_IMAGES]
    for image in map(reading.as_object, listed):
        url = reading.web_address(image.get("url"))
        if url is not None:
            yield SimilarImage(
                url=url,
                url_small=reading.web_address(image.get("url_small")),
                similarity=reading.probability(image.get("similarity")),
                citation=reading.text(image.get("citation"), reading.NAME_CHARS),
                license_name=reading.text(image.get("license_name"), reading.NAME_CHARS),
                license_url=reading.web_address(image.get("license_url")),
                provider=PROVIDER,
            )
