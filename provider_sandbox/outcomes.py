"""What the sandbox "sees" on a photo: decided by the sha256 of its bytes alone, for both services."""

import enum
import hashlib
from dataclasses import dataclass

from provider_sandbox.catalogue import Catalogue, Plant


class Kind(enum.StrEnum):
    AGREE = "agree"
    CONGENER = "congener"
    SYNONYM = "synonym"
    LOW_CONFIDENCE = "low_confidence"
    ILL = "ill"
    NOT_A_PLANT = "not_a_plant"


# Out of 1,000 photos. Most must be good answers: this is what a newcomer sees first.
SHARES = (
    (Kind.AGREE, 850),
    (Kind.CONGENER, 40),
    (Kind.SYNONYM, 30),
    (Kind.LOW_CONFIDENCE, 30),
    (Kind.ILL, 30),
    (Kind.NOT_A_PLANT, 20),
)


@dataclass(frozen=True, slots=True)
class Forced:
    """An outcome asked for through the control API; what is `None` is still decided by the photo."""

    kind: Kind | None = None
    species: str | None = None
    confidence: float | None = None
    ending: str | None = None  # how the language model's answer ends, where not as it should


@dataclass(frozen=True, slots=True)
class Outcome:
    digest: bytes
    kind: Kind
    plant: Plant
    rival: Plant | None = None
    synonym: str | None = None
    synonym_at: str | None = None
    confidence: float | None = None

    def fraction(self, label: str) -> float:
        """A number in [0, 1) that depends on the photo and the label only."""
        return fraction(self.digest, label)

    def between(self, label: str, low: float, high: float) -> float:
        return low + (high - low) * self.fraction(label)


def fraction(digest: bytes, label: str) -> float:
    mixed = hashlib.sha256(digest + label.encode()).digest()
    return int.from_bytes(mixed[:6], "big") / 2**48


def decide_outcome(*, digest: bytes, catalogue: Catalogue, forced: Forced | None = None) -> Outcome:
    wish = forced or Forced()
    kind = wish.kind or _pick_kind(digest)
    named = catalogue.find(wish.species) if wish.species else None
    plant = named or _pick_plant(digest, _pool_for(kind, catalogue))
    rival = synonym = synonym_at = None
    if kind is Kind.CONGENER:
        congeners = catalogue.list_congeners(plant)
        rival = congeners[int(fraction(digest, "rival") * len(congeners))] if congeners else None
    if kind is Kind.SYNONYM and plant.synonyms:
        synonym = plant.synonyms[int(fraction(digest, "synonym") * len(plant.synonyms))]
        synonym_at = "plantnet" if fraction(digest, "synonym_at") < 0.5 else "plant_id"
    return Outcome(
        digest=digest,
        kind=kind,
        plant=plant,
        rival=rival,
        synonym=synonym,
        synonym_at=synonym_at,
        confidence=wish.confidence,
    )


def _pick_kind(digest: bytes) -> Kind:
    place = fraction(digest, "kind") * sum(share for _, share in SHARES)
    for kind, share in SHARES:
        if place < share:
            return kind
        place -= share
    return Kind.AGREE


def _pool_for(kind: Kind, catalogue: Catalogue) -> tuple[Plant, ...]:
    if kind is Kind.CONGENER:
        return catalogue.with_congeners
    if kind is Kind.SYNONYM:
        return catalogue.with_synonyms
    return catalogue.plants


def _pick_plant(digest: bytes, pool: tuple[Plant, ...]) -> Plant:
    return pool[int(fraction(digest, "plant") * len(pool))]
