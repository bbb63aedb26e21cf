"""The Herbarium's replies, read into our types. Pure: no clock, no network, no settings."""

from collections.abc import Mapping

from apps.plant_identification.exceptions import ProviderReplyUnreadable
from apps.plant_identification.services import reading
from apps.plant_identification.services.names import genus_of, rank_of
from apps.plant_identification.services.provider import ProviderUsage
from apps.plant_identification.types import ProviderReply, ProviderSuggestion

PARSER_VERSION = 1  # one more whenever the same body would be read differently
PROVIDER = "herbarium"


def parse_look(payload: object) -> ProviderReply:
    """
    Raises:
        ProviderReplyUnreadable: this is no answer to a photo.
    """
    root = reading.require_object(payload, "The reply")
    finds = [
        _parse_find(reading.require_object(entry, "find"))
        for entry in reading.require_list(root.get("finds"), "finds")[: reading.MAX_SUGGESTIONS]
    ]
    return ProviderReply(
        provider=PROVIDER,
        model_version=reading.text(root.get("engine"), reading.NAME_CHARS),
        is_plant=False if root.get("plant") == "no" else None,
        suggestions=tuple(sorted(finds, key=lambda find: -find.score)),
        remaining_calls=_count(root.get("left_today")),
    )


def parse_account(payload: object) -> ProviderUsage:
    """
    Raises:
        ProviderReplyUnreadable: this says nothing about the day.
    """
    root = reading.require_object(payload, "The reply")
    daily = reading.require_object(root.get("daily"), "daily")
    used, limit = _count(daily.get("spent")), _count(daily.get("allowed"))
    remaining = None if used is None or limit is None else max(0, limit - used)
    return ProviderUsage(used=used, limit=limit, remaining=remaining)


def _parse_find(find: Mapping[str, object]) -> ProviderSuggestion:
    taxon = reading.require_object(find.get("taxon"), "taxon")
    name = reading.require_name(taxon.get("latin"), "latin")
    return ProviderSuggestion(
        scientific_name=name,
        rank=rank_of(name),
        score=_score(find.get("percent")),
        authorship=reading.text(taxon.get("author"), reading.NAME_CHARS),
        genus=genus_of(name),
        family=reading.text(taxon.get("family"), reading.NAME_CHARS),
        common_names=reading.texts(
            find.get("called"), at_most=reading.MAX_COMMON_NAMES, limit=reading.NAME_CHARS
        ),
    )


def _score(percent: object) -> float:
    """The service counts to 100."""
    number = reading.number(percent)
    if number is None:
        raise ProviderReplyUnreadable("percent is not a number.")
    return reading.require_score(number / 100, "percent / 100")


def _count(value: object) -> int | None:
    return 0 if value == 0 and not isinstance(value, bool) else reading.positive_int(value)
