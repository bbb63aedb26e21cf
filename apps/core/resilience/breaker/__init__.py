"""A circuit breaker whose state all processes share: see `shared.SharedBreaker`."""

from apps.core.resilience.breaker.shared import SharedBreaker
from apps.core.resilience.breaker.types import (
    BreakerListener,
    BreakerPolicy,
    CircuitOpen,
    Snapshot,
    Switched,
    SwitchUnreachable,
    Transition,
    Verdict,
)

__all__ = [
    "BreakerListener",
    "BreakerPolicy",
    "CircuitOpen",
    "SharedBreaker",
    "Snapshot",
    "SwitchUnreachable",
    "Switched",
    "Transition",
    "Verdict",
]
