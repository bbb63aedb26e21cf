"""Saying when a circuit changes, and what identification is left with: in the log and to operators."""

from collections.abc import Mapping

import pybreaker

from apps.core.fleet.events import note_event
from apps.core.resilience.breaker import BreakerListener, SharedBreaker, Transition
from apps.core.resilience.breaker.types import CLOSED, HALF_OPEN, OPEN
from apps.plant_identification.circuit_monitoring import log_all_open, log_degraded


class ChangeWatch(BreakerListener):
    """Tells operators of changes, in the one process that hears of them."""

    def circuit_changed(self, breaker: pybreaker.CircuitBreaker, change: Transition) -> None:
        if not change.is_by_hand:  # a switch is an event of its own, with a name in it
            _note_change(breaker, change)

    def circuit_stuck(self, breaker: pybreaker.CircuitBreaker, open_for_s: float) -> None:
        note_event("circuit_stuck_open", about=breaker.name, open_for_s=round(open_for_s))


class DegradationWatch(ChangeWatch):
    """And says what identification is left with, for which it looks at the other circuits."""

    def __init__(self) -> None:
        self._circuits: Mapping[str, SharedBreaker] = {}

    def follow(self, circuits: Mapping[str, SharedBreaker]) -> None:
        """`circuits` by the providers' display names."""
        self._circuits = circuits

    def circuit_changed(self, breaker: pybreaker.CircuitBreaker, change: Transition) -> None:
        super().circuit_changed(breaker, change)
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
            note_event("circuit_all_open")


def _note_change(breaker: pybreaker.CircuitBreaker, change: Transition) -> None:
    note_event(
        "circuit_" + {OPEN: "opened", HALF_OPEN: "half_open", CLOSED: "closed"}[change.new],
        about=breaker.name,
        fail_count=change.fail_count or None,
        retry_in_s=round(change.retry_in_s) or None,
        downtime_s=round(change.downtime_s, 1) or None,
    )
