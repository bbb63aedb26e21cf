"""Pl@ntNet v2 replies, read into our types. Pure."""

from collections.abc import Iterator, Mapping

from apps.plant_identification.services import reading
from apps.plant_identification.services.names import genus_of, rank_of, without_authorship
from apps.plant_identification.services.provider import ProviderUsage
from apps.plant_identification.types import ProviderReply, ProviderSuggestion, SimilarImage

PARSER_VERSION = 2
PROVIDER = "plantnet"


def parse_identification(payload: object) -> ProviderReply:
    """
    Raises:
        ProviderReplyUnreadable: this is no identification.
    """
    root = reading.require_object(payload, "The reply")
    results = [
        reading.require_object(entry, "result")
        for entry in reading.require_list(root.get("results"), "results")
    ]
    scored = [(reading.require_score(entry.get("score"), "score"), entry) for entry in results]
    # The order of the reply is not relied on, and `bestMatch` may come from another flora.
    scored.sort(key=lambda pair: -pair[0])
    language = reading.text(root.get("language"), reading.NAME_CHARS)
    return ProviderReply(
        provider=PROVIDER,
        model_version=reading.text(root.get("version"), reading.NAME_CHARS),
        suggestions=tuple(
            _parse_result(entry, score, language) for score, entry in scored[: reading.MAX_SUGGESTIONS]
        ),
        remaining_calls=_count(root.get("remainingIdentificationRequests")),
    )


def not_a_plant(*, remaining_calls: int | None) -> ProviderReply:
    """What “Species not found” says: an answer, not a failure."""
    return ProviderReply(
        provider=PROVIDER, model_version=None, is_plant=False, remaining_calls=remaining_calls
    )


def parse_usage(payload: object) -> ProviderUsage:
    """
    Raises:
        ProviderReplyUnreadable: this is not the day's quota.
    """
    root = reading.require_object(payload, "The reply")
    quota = reading.require_object(root.get("quota"), "quota")
    identify = reading.require_object(quota.get("identify"), "quota.identify")
    return ProviderUsage(
        used=_count(identify.get("count")),
        limit=_count(identify.get("total")),
        remaining=_count(identify.get("remaining")),
    )


def _count(value: object) -> int | None:
    return 0 if value in (0, "0") and not isinstance(value, bool) else reading.positive_int(value)


def _parse_result(entry: Mapping[str, object], score: float, language: str | None) -> ProviderSuggestion:
    species = reading.require_object(entry.get("species"), "species")
    authorship = reading.text(species.get("scientificNameAuthorship"), reading.NAME_CHARS)
    name = _name(species, authorship)
    return ProviderSuggestion(
        scientific_name=name,
        rank=rank_of(name),
        score=score,
        authorship=authorship,
        genus=_taxon(species.get("genus")) or genus_of(name),
        family=_taxon(species.get("family")),
        gbif_id=reading.positive_int(reading.as_object(entry.get("gbif")).get("id")),
        common_names=reading.texts(
            species.get("commonNames"), at_most=reading.MAX_COMMON_NAMES, limit=reading.NAME_CHARS
        ),
        languages={"common_names": language} if language else {},
        similar_images=tuple(_similar_images(entry.get("images"))),
    )


def _name(species: Mapping[str, object], authorship: str | None) -> str:
    bare = reading.text(species.get("scientificNameWithoutAuthor"), reading.NAME_CHARS)
    if bare is not None:
        return bare
    joined = reading.require_name(species.get("scientificName"), "scientificName")
    return without_authorship(joined, authorship)


def _taxon(value: object) -> str | None:
    return reading.text(reading.as_object(value).get("scientificNameWithoutAuthor"), reading.NAME_CHARS)


def _similar_images(value: object) -> Iterator[SimilarImage]:
    for image in map(reading.as_object, reading.as_list(value)[: reading.MAX_SIMILAR_IMAGES]):
        addresses = reading.as_object(image.get("url"))
        sizes = [reading.web_address(addresses.get(size)) for size in ("o", "m", "s")]
        url = sizes[0] or sizes[1] or sizes[2]
        if url is not None:
            yield SimilarImage(
                url=url,
                url_small=sizes[2] or sizes[1],
                citation=reading.text(image.get("citation"), reading.NAME_CHARS)
                or reading.text(image.get("author"), reading.NAME_CHARS),
                license_name=reading.text(image.get("license"), reading.NAME_CHARS),
                # Which version of the licence is not said, so there is no address to give.
                license_url=None,
                provider=PROVIDER,
            )
