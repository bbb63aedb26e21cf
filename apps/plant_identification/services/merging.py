"""From the providers' replies to the one answer. Pure, and blind to the order of the replies."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from django.utils.translation import get_language

from apps.core.languages import ENGLISH
from apps.plant_identification.services import safety
from apps.plant_identification.services.candidates import Candidate, source_name
from apps.plant_identification.services.fusion import CONTROL, FusionRule
from apps.plant_identification.services.headline import Verdict, judge
from apps.plant_identification.services.portrait import Portrait, display_name, portray
from apps.plant_identification.services.summary import summarize
from apps.plant_identification.types import (
    Agreement,
    Answer,
    DiseaseSuggestion,
    HealthAssessment,
    ProviderReply,
    Source,
    Suggestion,
)

MAX_SUGGESTIONS = 10
# Whose word decides whether there is a plant at all.
_LEADING_PROVIDER = "plant_id"
# Always in `provider_scores`, where shipped clients read them; a further one is where it is configured.
_ALWAYS_LISTED = ("plant_id", "plantnet")


def merge_replies(
    replies: Sequence[ProviderReply],
    *,
    configured: Iterable[str] = (),
    language: str = ENGLISH,
    rule: FusionRule = CONTROL,
) -> Answer:
    """One answer from everything that arrived; `configured` are the providers that might have replied.

    What a service suggests for a photo on which it sees no plant is not used. Where Plant.id sees none, the
    answer names none; what another service suggested is still listed.

    Raises:
        ValueError: there is no reply to merge.
    """
    if not replies:
        raise ValueError("no reply to merge")
    verdict = judge((reply for reply in replies if reply.is_plant is not False), rule)
    is_plant = _is_plant(replies)
    headline = None if is_plant is False else verdict.headline
    listed = {*_ALWAYS_LISTED, *configured, *(reply.provider for reply in replies)}
    merger = _Merger(replies, verdict, headline, is_plant=is_plant, listed=sorted(listed), language=language)
    return merger.answer()


def _is_plant(replies: Sequence[ProviderReply]) -> bool | None:
    """Plant.id's word, else what all the others who said anything agree on."""
    words = {reply.provider: reply.is_plant for reply in replies if reply.is_plant is not None}
    if _LEADING_PROVIDER in words:
        return words[_LEADING_PROVIDER]
    said = set(words.values())
    return said.pop() if len(said) == 1 else None


class _Merger:
    """Holds what the parts of one answer have in common."""

    def __init__(
        self,
        replies: Sequence[ProviderReply],
        verdict: Verdict,
        headline: Candidate | None,
        *,
        is_plant: bool | None,
        listed: Sequence[str],
        language: str,
    ) -> None:
        self._replies = sorted(
            replies, key=lambda reply: (reply.provider != _LEADING_PROVIDER, reply.provider)
        )
        self._ranked = verdict.ranked
        self._named = verdict.named
        self._headline = headline
        self._agreement: Agreement = verdict.agreement if headline else "none"
        self._is_plant = is_plant
        self._is_contradicted = verdict.is_contradicted
        self._edible = self._edible_parts()
        self._providers = listed
        self._language = language

    def answer(self) -> Answer:
        headline = self._headline
        about = portray(headline, self._language) if headline else Portrait()
        confidence = headline.confidence if headline else None
        health, _ = self._health()
        return Answer(
            is_plant=self._is_plant,
            is_plant_probability=self._is_plant_probability(),
            plant_name=about.scientific_name,
            name=about.common_name or about.scientific_name,
            common_name=about.common_name,
            common_names=about.common_names,
            scientific_name=about.scientific_name,
            rank=about.rank,
            confidence=confidence,
            probability=confidence,
            source=_source(headline) if headline else None,
            agreement=self._agreement,
            description=about.description,
            description_attribution=about.description_attribution,
            image_url=about.image_url,
            image_attribution=about.image_attribution,
            similar_images=about.similar_images,
            watering=about.watering,
            watering_text=about.care.watering if about.care else None,
            propagation_methods=about.propagation_methods,
            edible_parts=self._edible,
            edible_warning=safety.edible_warning() if self._edible else None,
            toxicity=safety.toxicity_warning(
                (display_name(each)[0], each) for each in safety.warning_candidates(self._named)
            ),
            care_instructions=about.care,
            suggestions=self._suggestions(),
            disease_detection=health,
            disease_suggestions=_suggest_diseases(health),
            summary=self._summary(about),
            likely=self._likely(),
            sources=self._sources(about),
            languages=self._languages(about),
        )

    def _likely(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(
            {
                "scientific_name": display_name(each)[0],
                "is_headline": each is self._headline,
                **safety.clues_to(each),
            }
            for each in safety.likely_candidates(self._named, self._headline)
        )

    def _suggestions(self) -> tuple[Suggestion, ...]:
        best = enumerate(self._ranked[:MAX_SUGGESTIONS], start=1)
        return tuple(self._suggestion(position, candidate) for position, candidate in best)

    def _suggestion(self, position: int, candidate: Candidate) -> Suggestion:
        about = portray(candidate, self._language)
        name = about.scientific_name or candidate.key
        return Suggestion(
            rank_position=position,
            plant_name=name,
            scientific_name=name,
            authorship=about.authorship,
            common_names=about.common_names,
            family=about.family,
            genus=about.genus,
            rank=about.rank or "species",
            confidence=candidate.confidence,
            probability=candidate.confidence,
            provider_scores={provider: candidate.scores.get(provider) for provider in self._providers},
            source=_source(candidate),
            gbif_id=about.gbif_id,
            url=about.url,
            description=about.description,
            taxonomy=about.taxonomy,
            edible_parts=self._edible if candidate is self._headline else None,
            watering=about.watering,
            propagation_methods=about.propagation_methods,
            similar_images=about.similar_images,
            toxicity=about.toxicity,
            languages=about.languages,
        )

    def _edible_parts(self) -> tuple[str, ...] | None:
        if self._headline is None or self._is_contradicted:
            return None
        return safety.edible_parts(self._headline, self._agreement)

    def _is_plant_probability(self) -> float | None:
        """That of the service whose verdict is the answer's, if it gave one."""
        for reply in self._replies:
            if reply.is_plant is not None and reply.is_plant == self._is_plant:
                return reply.is_plant_probability
        return None

    def _health(self) -> tuple[HealthAssessment | None, str | None]:
        """Plant.id's, else the first by name. What is no plant has no health."""
        if self._is_plant is not False:
            for reply in self._replies:
                if reply.health is not None:
                    return reply.health, reply.provider
        return None, None

    def _summary(self, about: Portrait) -> str:
        others = self._ranked[1:] if self._headline else self._ranked
        rival = self._runner_up(others)
        return summarize(
            is_plant=self._is_plant,
            name=about.scientific_name,
            common_name=about.common_name,
            is_genus=about.rank == "genus",
            confidence=self._headline.confidence if self._headline else None,
            # Two of three may name the headline's species: a sentence must not pass over the third.
            agreement="none" if self._is_contradicted else self._agreement,
            runner_up=display_name(rival)[0] if rival else None,
        )

    def _runner_up(self, others: Sequence[Candidate]) -> Candidate | None:
        """The best that a service says which does not stand behind the headline."""
        behind = self._headline.supporters if self._headline else frozenset()
        return next((each for each in others if each.named.keys() - behind), None)

    def _sources(self, about: Portrait) -> Mapping[str, str]:
        sources = dict(about.sources)
        if self._headline:
            sources["confidence"] = _source(self._headline)
        warners = safety.warning_candidates(self._named)
        by_field = {
            "edible_parts": self._ranked[0].givers(lambda said: said.edible_parts) if self._edible else (),
            "toxicity": {giver for each in warners for giver in each.givers(lambda said: said.toxicity)},
        }
        sources |= {field: source for field, givers in by_field.items() if (source := source_name(givers))}
        _, assessor = self._health()
        if assessor:
            sources["disease_detection"] = assessor
        return sources

    def _languages(self, about: Portrait) -> Mapping[str, str]:
        """Of the headline's words; candidates and diseases tell their own."""
        languages = {name: code for name, code in about.languages.items() if name != "toxicity"}
        if watering := languages.get("care_instructions.watering"):
            languages["watering_text"] = watering
        languages |= safety.poison_language(safety.warning_candidates(self._named))
        return languages | {"summary": get_language() or ENGLISH}


def _source(candidate: Candidate) -> Source:
    return cast("Source", source_name(candidate.supporters))


def _suggest_diseases(health: HealthAssessment | None) -> tuple[DiseaseSuggestion, ...]:
    """Nothing for a healthy plant: the service lists diseases it does not believe in, too."""
    if health is None or health.is_healthy:
        return ()
    return tuple(
        DiseaseSuggestion(
            name=disease.local_name or disease.name,
            probability=disease.probability,
            description=disease.description,
        )
        for disease in health.diseases
    )
