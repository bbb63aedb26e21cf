"""How sure one can be of a share that was counted in a few cases.

Wilson's interval holds near 0 and 1 and for small counts, where the usual one leaves 0..1. The difference of
two shares is Newcombe's, which is made of the two intervals.
"""

import math
from dataclasses import dataclass

Z = 1.959964  # 95 %
VERDICTS = ("too_few", "none_shown", "higher", "lower")
ENOUGH = 30  # judgements; with fewer, no share is told apart from chance, whatever the interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """`right` of `judged`. Without a judgement there is no share; with few it says little (`is_enough`)."""

    right: int
    judged: int

    @property
    def share(self) -> float | None:
        return self.right / self.judged if self.judged else None

    @property
    def is_enough(self) -> bool:
        return self.judged >= ENOUGH

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's, 95 %."""
        n = self.judged
        if n == 0:
            return None
        p, z2 = self.right / n, Z * Z
        middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        reach = Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        # At the ends the formula gives 0 and 1 but for rounding.
        low = 0.0 if self.right == 0 else max(0.0, middle - reach)
        high = 1.0 if self.right == n else min(1.0, middle + reach)
        return low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Of one share from the control's. `verdict` is what may be said about it."""

    value: float | None
    low: float | None
    high: float | None
    verdict: str  # one of VERDICTS


def difference(one: Proportion, control: Proportion) -> Difference:
    mine, theirs = one.interval, control.interval
    if mine is None or theirs is None or one.share is None or control.share is None:
        return Difference(value=None, low=None, high=None, verdict="too_few")
    value = one.share - control.share
    low = value - math.hypot(one.share - mine[0], theirs[1] - control.share)
    high = value + math.hypot(mine[1] - one.share, control.share - theirs[0])
    if not (one.is_enough and control.is_enough):
        verdict = "too_few"
    elif low > 0:
        verdict = "higher"
    else:
        verdict = "lower" if high < 0 else "none_shown"
    return Difference(value=value, low=low, high=high, verdict=verdict)
