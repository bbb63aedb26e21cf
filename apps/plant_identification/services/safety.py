"""What may be said about eating a plant, and what must be said about its poison.

Edible parts are named for the headline alone, and only if several services agree on the species by its name
or GBIF id, surely. An alternative's edible parts are not given out at all: whoever reads them takes them for
the parts of the plant in hand. Agreement that rests on a list of synonyms does not count here, for such lists
hold homonyms. Poison is the opposite case: every candidate that is at all likely warns in the headline.

No experiment decides about either: what is eaten has to be sure by the documented rule as well, and a
candidate warns that is likely enough by one of the two.
"""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext

from apps.plant_identification.constants import EDIBLE_MIN_CONFIDENCE, TOXICITY_MIN_CONFIDENCE
from apps.plant_identification.services.candidates import Candidate
from apps.plant_identification.services.names import comparison_key
from apps.plant_identification.types import Agreement

SYNONYMS_HEARD = 30  # of one suggestion


def edible_parts(headline: Candidate, agreement: Agreement) -> tuple[str, ...] | None:
    if (
        agreement != "both"
        or headline.is_genus
        or not headline.same_by_name
        or min(headline.confidence, headline.documented_confidence) < EDIBLE_MIN_CONFIDENCE
    ):
        return None
    parts = (part for member in headline.members for part in member.suggestion.edible_parts or ())
    return tuple(dict.fromkeys(parts)) or None


def edible_warning() -> str:
    return gettext(
        "Never eat a plant because of an identification by photo alone: edible and poisonous plants can look "
        "alike. Have an expert confirm it, and make sure which parts are edible and how they are prepared."
    )


def toxicity(candidate: Candidate) -> str | None:
    """Everything the services said about this plant's poison."""
    said = (member.suggestion.toxicity for member in candidate.members)
    return "\n".join(dict.fromkeys(text for text in said if text)) or None


def poison_language(candidates: Iterable[Candidate]) -> dict[str, str]:
    """In which language that is, where it is known."""
    said = (member.suggestion for candidate in candidates for member in candidate.members)
    languages = (each.languages.get("toxicity") for each in said if each.toxicity)
    return {"toxicity": language} if (language := next(filter(None, languages), None)) else {}


def warning_candidates(candidates: Iterable[Candidate]) -> list[Candidate]:
    """All that may be the plant and are said to be poisonous or not, listed in the answer or no longer."""
    return [each for each in candidates if is_likely(each) and toxicity(each)]


def is_likely(candidate: Candidate) -> bool:
    return max(candidate.confidence, candidate.documented_confidence) >= TOXICITY_MIN_CONFIDENCE


def likely_candidates(named: Iterable[Candidate], headline: Candidate | None) -> list[Candidate]:
    """All that may be the plant, the headline first."""
    others = [each for each in named if is_likely(each) and each is not headline]
    return others if headline is None else [headline, *others]


def clues_to(candidate: Candidate) -> dict[str, Any]:
    """By what its hazards are found when the answer is told (`services/toxicity.py`), and what was said."""
    said = [member.suggestion for member in candidate.members]
    names = {comparison_key(each.scientific_name): None for each in said} | {candidate.key: None}
    synonyms = {comparison_key(name): None for each in said for name in each.synonyms[:SYNONYMS_HEARD]}
    # One below another: a service repeats itself where it names a species and its varieties.
    words = {(member.provider, member.suggestion.toxicity): None for member in candidate.members}
    return {
        "is_genus": candidate.is_genus,
        "confidence": candidate.confidence,
        "names": list(names if candidate.is_genus else names | synonyms),
        "gbif_ids": sorted({each.gbif_id for each in said if each.gbif_id}),
        "services": [{"provider": provider, "text": text} for provider, text in words if text],
    }


def toxicity_warning(named: Iterable[tuple[str, Candidate]]) -> str | None:
    """One paragraph per candidate, under its name."""
    return "\n\n".join(f"{name}: {toxicity(candidate)}" for name, candidate in named) or None
