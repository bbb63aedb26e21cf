"""From one outcome to the ranked names each service gives for it. Scores follow each service's own habits."""

from dataclasses import dataclass

from provider_sandbox.catalogue import Catalogue, Plant
from provider_sandbox.outcomes import Kind, Outcome

PLANT_ID_CAP = 0.99
MAX_PLANT_ID_SUGGESTIONS = 10
MIN_PLANTNET_SCORE = 0.0005
BEST_MATCH_FROM = 0.1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name with a score. `plant` is None for a bare genus; `synonym` replaces the plant's own name."""

    score: float
    genus: str
    plant: Plant | None
    synonym: str | None = None

    @property
    def name(self) -> str:
        if self.plant is None:
            return self.genus
        return self.synonym or self.plant.scientific_name


def rank_for_plant_id(outcome: Outcome, catalogue: Catalogue) -> list[Candidate]:
    """Species and genera in one list, best first. They overlap, so the scores need not sum to 1."""
    plant = outcome.plant
    synonym = outcome.synonym if outcome.synonym_at == "plant_id" else None
    top = outcome.confidence or _plant_id_top(outcome)
    candidates = [Candidate(_capped(top), plant.genus, plant, synonym)]
    rest = [other for other in catalogue.walk_from(plant) if other is not outcome.rival]
    if outcome.rival is not None:
        share = outcome.between("rival_share", 0.2, 0.4)
        candidates.append(Candidate(_capped(top * share), outcome.rival.genus, outcome.rival))
    if outcome.fraction("own_genus") < 0.25:
        share = outcome.between("own_genus_share", 0.1, 0.3)
        candidates.append(Candidate(_capped(top * share), plant.genus, None))
    low = outcome.kind in (Kind.LOW_CONFIDENCE, Kind.NOT_A_PLANT)
    score = top if low else min(1 - top, 0.1)
    for position in range(4 if low else 2):
        score *= outcome.between(f"fall{position}", 0.35, 0.85)
        other = rest[position]
        as_genus = position == 1 and outcome.fraction("other_genus") < 0.5 and other.genus != plant.genus
        candidates.append(Candidate(_capped(score), other.genus, None if as_genus else other))
    candidates = [candidate for candidate in candidates if candidate.score > 0]
    return sorted(candidates, key=lambda candidate: -candidate.score)[:MAX_PLANT_ID_SUGGESTIONS]


def rank_for_plantnet(outcome: Outcome, catalogue: Catalogue, limit: int) -> list[Candidate]:
    """Species only, best first; unlike Plant.id's, the tail reaches down to a few tenths of a per cent."""
    first, second = outcome.plant, outcome.rival
    top = outcome.confidence or _plantnet_top(outcome)
    if second is not None:
        first, second = second, first
    synonym = outcome.synonym if outcome.synonym_at == "plantnet" else None
    candidates = [Candidate(round(top, 5), first.genus, first, synonym)]
    rest = [other for other in catalogue.walk_from(first) if other is not second]
    if second is not None:
        rest.insert(0, second)
    low = outcome.kind in (Kind.LOW_CONFIDENCE, Kind.NOT_A_PLANT)
    score = top if low else (1 - top) * 0.7
    for position, other in enumerate(rest):
        score *= outcome.between(f"tail{position}", 0.25, 0.8)
        if len(candidates) >= limit or score < MIN_PLANTNET_SCORE:
            break
        candidates.append(Candidate(round(min(score, top), 5), other.genus, other))
    return candidates[:limit]


def _plant_id_top(outcome: Outcome) -> float:
    match outcome.kind:
        case Kind.LOW_CONFIDENCE:
            return outcome.between("top", 0.04, 0.16)
        case Kind.NOT_A_PLANT:
            return outcome.between("top", 0.01, 0.06)
        case Kind.CONGENER:
            return outcome.between("top", 0.5, 0.75)
        case _:
            return outcome.between("top", 0.82, 1.0)


def _plantnet_top(outcome: Outcome) -> float:
    match outcome.kind:
        case Kind.LOW_CONFIDENCE | Kind.NOT_A_PLANT:
            return outcome.between("plantnet_top", 0.01, 0.06)
        case Kind.CONGENER:
            return outcome.between("plantnet_top", 0.35, 0.6)
        case _:
            return outcome.between("plantnet_top", 0.55, 0.96)


def _capped(score: float) -> float:
    return round(min(score, PLANT_ID_CAP), 4)
