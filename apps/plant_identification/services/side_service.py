"""An outside service that does not identify: its circuit, seen and switched as those of the providers are."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.signals import setting_changed

from apps.core.resilience.breaker import SharedBreaker
from apps.core.resilience.forking import forget_after_fork
from apps.plant_identification.circuit_monitoring import CircuitStats, create_monitored_circuit
from apps.plant_identification.metrics import CircuitMetrics, prepare_series
from apps.plant_identification.services.degradation import ChangeWatch
from apps.plant_identification.services.registry import NEUTRAL

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SideService:
    """`name` is what clients and metrics read, `label` what people read."""

    name: str
    label: str
    circuit: SharedBreaker
    stats: CircuitStats
    pause: None = None  # a refused key closes the common limit instead


def make_side_service(
    *,
    name: str,
    label: str,
    circuit_name: str,
    fail_max: int,
    reset_timeout: int,
    timeout: float,
    neutral: Sequence[type[Exception]] = (),
) -> SideService:
    circuit, _, stats = create_monitored_circuit(
        circuit_name,
        fail_max=fail_max,
        reset_timeout=reset_timeout,
        timeout=timeout,
        neutral=[*NEUTRAL, *neutral],
        listeners=[ChangeWatch(), CircuitMetrics(name)],
    )
    prepare_series(name)
    return SideService(name=name, label=label, circuit=circuit, stats=stats)


class OnePerProcess(Generic[T]):
    """Made with the first question, and only once: two would be two circuits. Anew with other settings."""

    def __init__(self, make: Callable[[], T], *, settings: frozenset[str]) -> None:
        self._make, self._settings = make, settings
        self.forget()
        forget_after_fork(self)
        setting_changed.connect(self._hear)

    def forget(self) -> None:
        self._lock = threading.Lock()
        self._made: list[T] = []

    def get(self) -> T:
        if not self._made:
            with self._lock:
                self._made = self._made or [self._make()]
        return self._made[0]

    def _hear(self, *, setting: str, **_: Any) -> None:
        if setting in self._settings or setting.startswith("REDIS_"):
            self.forget()
