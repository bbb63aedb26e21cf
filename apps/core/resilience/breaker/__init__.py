"""A circuit breaker whose state all processes share: see `shared.SharedBreaker`."""

from apps.core.resilience.breaker.shared import SharedBreaker
from apps.core.resilience.breaker.types import (
    BreakerListener,
    BreakerPolicy,
    CircuitOpen,
    Snapshot,
    Transition,
    Verdict,
)

__all__ = [
    "BreakerListener",
    "BreakerPolicy",
    "CircuitOpen",
    "SharedBreaker",
    "Snapshot",
    "Transition",
    "Verdict",
]
