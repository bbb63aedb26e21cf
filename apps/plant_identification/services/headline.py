"""Which plant the answer names, and how far the services agree on it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from apps.plant_identification.services.candidates import Candidate, collect_candidates, genus_candidate
from apps.plant_identification.services.fusion import CONTROL, FusionRule
from apps.plant_identification.types import Agreement, ProviderReply

# Below this a service has not made up its mind, and its favourite contradicts nobody.
DISSENT_MIN_SCORE = 0.1
# A species is named instead of its genus if it is, given the genus, at least as likely as not.
SPECIES_SHARE_OF_GENUS = 0.5


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`ranked` begins with the headline, and its confidences only fall; `named` are all that were named."""

    ranked: tuple[Candidate, ...]
    named: tuple[Candidate, ...]
    agreement: Agreement
    is_contradicted: bool = False  # several name the headline's species, and one more has another in mind

    @property
    def headline(self) -> Candidate | None:
        return self.ranked[0] if self.ranked else None


def judge(replies: Iterable[ProviderReply], rule: FusionRule = CONTROL) -> Verdict:
    """Rank what was named, and decide between a species and its genus.

    One service alone keeps its own order. Where several spoke, a bare genus is no rival to its species but
    their support; only where they disagree about the species, or the species is doubtful even within the
    genus, is the genus the answer.
    """
    candidates = collect_candidates(replies, rule)
    favourites = _favourites(candidates)
    if not candidates:
        return Verdict(ranked=(), named=(), agreement="none")
    if len(favourites) == 1:
        return Verdict(ranked=tuple(candidates), named=tuple(candidates), agreement="single")
    return _settle(candidates, favourites)


def _favourites(candidates: Sequence[Candidate]) -> dict[str, Candidate]:
    """What each service named with its highest score."""
    best: dict[str, Candidate] = {}
    # Species before genus, so that a service which gives both the same score counts as naming the species.
    for candidate in sorted(candidates, key=lambda each: (each.is_genus, each.key)):
        for provider, score in candidate.named.items():
            if provider not in best or score > best[provider].named[provider]:
                best[provider] = candidate
    return best


def _settle(candidates: Sequence[Candidate], favourites: Mapping[str, Candidate]) -> Verdict:
    top, named = candidates[0], tuple(candidates)
    species = [each for each in candidates if not each.is_genus and each.genera & top.genera]
    if not top.genera:
        return Verdict(ranked=named, named=named, agreement="both" if len(top.named) > 1 else "none")
    if not species:
        return Verdict(ranked=named, named=named, agreement=_agreement_on_genus(top))
    best = species[0]
    if _is_disputed(best, favourites) or _is_doubtful(best, candidates):
        genus = _genus_of(best, candidates)
        others = [each for each in candidates if not (each.is_genus and each.key == genus.key)]
        return Verdict(ranked=(genus, *others), named=named, agreement=_agreement_on_genus(genus))
    rivals = [
        each for each in candidates if each is not best and not (each.is_genus and each.genera & best.genera)
    ]
    agreement = _agreement_on_species(best, favourites)
    is_contradicted = agreement == "both" and _is_contradicted(best, favourites)
    return Verdict(ranked=(best, *rivals), named=named, agreement=agreement, is_contradicted=is_contradicted)


def _genus_of(best: Candidate, candidates: Sequence[Candidate]) -> Candidate:
    """The genus as somebody named it, else as what its species amount to."""
    named = {each.key: each for each in candidates if each.is_genus}
    genera = [named.get(key) or genus_candidate(key, candidates, best.rule) for key in sorted(best.genera)]
    return min(genera, key=attrgetter("order"))


def _is_disputed(best: Candidate, favourites: Mapping[str, Candidate]) -> bool:
    """One service's species, while another has its mind set on a different one of the same genus."""
    if len(best.named) > 1:
        return False
    return any(
        favourite.key != best.key
        and not favourite.is_genus
        and favourite.genera & best.genera
        and favourite.named[provider] >= DISSENT_MIN_SCORE
        for provider, favourite in favourites.items()
    )


def _is_contradicted(best: Candidate, favourites: Mapping[str, Candidate]) -> bool:
    """A service that did not name this species at all has made up its mind for another plant."""
    return any(
        favourite.named[provider] >= DISSENT_MIN_SCORE
        and not (favourite.is_genus and favourite.genera & best.genera)
        for provider, favourite in favourites.items()
        if provider not in best.named
    )


def _is_doubtful(best: Candidate, candidates: Sequence[Candidate]) -> bool:
    """Its genus is much surer, or a plant of another genus is more likely than this one species."""
    for each in candidates:
        if each.is_genus and each.genera & best.genera:
            if best.confidence < SPECIES_SHARE_OF_GENUS * each.confidence:
                return True
        elif each.confidence > best.confidence:
            return True
    return False


def _agreement_on_genus(genus: Candidate) -> Agreement:
    return "genus" if len(genus.scores) > 1 else "none"


def _agreement_on_species(best: Candidate, favourites: Mapping[str, Candidate]) -> Agreement:
    if len(best.named) > 1:
        return "both"
    others = [favourite for provider, favourite in favourites.items() if provider not in best.named]
    return "genus" if any(favourite.genera & best.genera for favourite in others) else "none"
