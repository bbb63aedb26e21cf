"""Saying in the log, when a circuit opens, what identification is left with."""

from collections.abc import Mapping

import pybreaker

from apps.core.resilience.breaker import BreakerListener, SharedBreaker, Transition
from apps.core.resilience.breaker.types import OPEN
from apps.plant_identification.circuit_monitoring import log_all_open, log_degraded


class DegradationWatch(BreakerListener):
    """Hears of an opened circuit in the one process that is told, and looks at the others."""

    def __init__(self) -> None:
        self._circuits: Mapping[str, SharedBreaker] = {}

    def follow(self, circuits: Mapping[str, SharedBreaker]) -> None:
        """`circuits` by the providers' display names."""
        self._circuits = circuits

    def circuit_changed(self, breaker: pybreaker.CircuitBreaker, change: Transition) -> None:
        if change.new != OPEN:
            return
        opened = next(label for label, circuit in self._circuits.items() if circuit is breaker)
        working = [
            label
            for label, circuit in self._circuits.items()
            if circuit is not breaker and circuit.snapshot().state != OPEN
        ]
        if working:
            log_degraded(unavailable=opened, using=" and ".join(working))
        else:
            log_all_open(len(self._circuits))
