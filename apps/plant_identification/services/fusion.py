"""One confidence from several services' scores.

The rule, for scores s₁ ≥ s₂ ≥ … that different services gave the same species:

    doubt = (1 - s₁) · (1 - ½ s₂) · (1 - ½ s₃) …        confidence = 1 - doubt

The most confident service is taken at its word; each further one that names the species removes a part of
the doubt that is left, half of what it would remove if its errors had nothing to do with the first one's.
They do have: both look at the same photo and learned from overlapping collections, so that the full product
(“noisy or”) would promise too much. There is no measured calibration of either scale, so none is pretended.

A service that named only the genus supports the species too, with a quarter instead of a half, and never by
more than the species' own score: a certain genus says little about a doubtful species.

Hence: 0..1; no order; a higher score never gives less; two services give more than the same score of one;
one service alone keeps its score; silence takes nothing away. Worked out in fractions, because rounding in
between would break the order of nearly equal candidates.

How much of the doubt an agreement removes is judgement, so an experiment may try another share
(`RULES`, docs/guides/experiments.md). Everything above holds for each of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

Scores = Mapping[str, float]  # provider -> its score


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionRule:
    """What a further service removes of the doubt, for each point of its score."""

    key: str  # kept with answers for ever: never reused for another rule
    agreement_weight: Fraction  # it names the species
    genus_weight: Fraction  # it names the bare genus; never more than the above


CONTROL = FusionRule(key="half", agreement_weight=Fraction(1, 2), genus_weight=Fraction(1, 4))
QUARTER = FusionRule(key="quarter", agreement_weight=Fraction(1, 4), genus_weight=Fraction(1, 8))
THREE_QUARTERS = FusionRule(
    key="three_quarters", agreement_weight=Fraction(3, 4), genus_weight=Fraction(3, 8)
)
RULES = {rule.key: rule for rule in (CONTROL, QUARTER, THREE_QUARTERS)}


def fuse(named: Scores, genus_only: Scores | None = None, rule: FusionRule = CONTROL) -> float:
    """The confidence in a candidate that `named` put a score on; `genus_only` hold scores of its bare genus.

    Raises:
        ValueError: nobody named it.
    """
    exact = {provider: Fraction(score) for provider, score in named.items()}
    hints = {provider: Fraction(score) for provider, score in (genus_only or {}).items()}
    # Whoever leads, the formula is monotone; so is the best of them.
    return float(max(_confidence(leader, exact, hints, rule) for leader in exact))


def _confidence(
    leader: str, named: Mapping[str, Fraction], hints: Mapping[str, Fraction], rule: FusionRule
) -> Fraction:
    doubt = 1 - named[leader]
    for provider in (named.keys() | hints.keys()) - {leader}:
        doubt *= 1 - max(
            rule.agreement_weight * named.get(provider, Fraction(0)),
            rule.genus_weight * min(hints.get(provider, Fraction(0)), named[leader]),
        )
    return 1 - doubt
