"""Whether this process can serve: each thing it needs is asked, none for longer than `PROBE_TIMEOUT_S`."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as ProbeTimeout
from dataclasses import dataclass
from typing import Any

from apps.core.health import probes
from apps.core.resilience.forking import forget_after_fork

logger = logging.getLogger(__name__)

PROBE_TIMEOUT_S = 2.0

PROBES: Mapping[str, Callable[[], None]] = {
    "database": probes.probe_database,
    "migrations": probes.probe_migrations,
    "storage": probes.probe_storage,
    "cache": probes.probe_cache,
    "broker": probes.probe_broker,
}
# Without these no answer can be given; without the others answers are slower or later.
ESSENTIAL = frozenset({"database", "migrations", "storage"})


@dataclass(frozen=True, slots=True)
class ProbeResult:
    name: str
    ms: float
    error: str | None

    @property
    def is_ok(self) -> bool:
        return self.error is None


@dataclass(frozen=True, slots=True)
class Readiness:
    results: tuple[ProbeResult, ...]

    @property
    def status(self) -> str:
        failed = {result.name for result in self.results if not result.is_ok}
        if failed & ESSENTIAL:
            return "unavailable"
        return "degraded" if failed else "ok"

    @property
    def http_status(self) -> int:
        return 503 if self.status == "unavailable" else 200

    def as_json(self) -> dict[str, Any]:
        checks = {
            result.name: {"ok": result.is_ok, "ms": result.ms, "error": result.error}
            for result in self.results
        }
        return {"status": self.status, "checks": checks}


class ProbeRunner:
    """One thread per probe at most: a probe that hangs is waited for again, not started again."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None
        self._running: dict[str, Future[float]] = {}

    def start(self, name: str, probe: Callable[[], None]) -> "Future[float]":
        with self._lock:
            running = self._running.get(name)
            if running is not None and not running.done():
                return running
            if self._executor is None:
                self._executor = ThreadPoolExecutor(max_workers=len(PROBES), thread_name_prefix="probe")
            self._running[name] = self._executor.submit(_timed, probe)
            return self._running[name]


_RUNNER = ProbeRunner()
forget_after_fork(_RUNNER)


def check_readiness(
    wanted: Mapping[str, Callable[[], None]] = PROBES, *, timeout_s: float = PROBE_TIMEOUT_S
) -> Readiness:
    """All at once, so that the answer takes `timeout_s` at most however many of them hang."""
    began = time.monotonic()
    started = {name: _RUNNER.start(name, probe) for name, probe in wanted.items()}
    return Readiness(tuple(_result(name, future, began + timeout_s) for name, future in started.items()))


def _timed(probe: Callable[[], None]) -> float:
    began = time.monotonic()
    probe()
    return (time.monotonic() - began) * 1_000


def _result(name: str, future: "Future[float]", until: float) -> ProbeResult:
    began = time.monotonic()
    try:
        ms, error = future.result(timeout=max(0.0, until - began)), None
    except ProbeTimeout:
        ms, error = (time.monotonic() - began) * 1_000, "no answer in time"
    except Exception as exc:  # noqa: BLE001 - whatever it is, the probe has failed, and says so
        ms, error = (time.monotonic() - began) * 1_000, _public_words(exc)
    if error is not None:
        logger.warning(
            "[HEALTH] %s: %s", name, error, extra={"event": "probe_failed", "probe": name, "error": error}
        )
    return ProbeResult(name=name, ms=round(ms, 1), error=error)


def _public_words(exc: Exception) -> str:
    """An exception's own text may hold addresses and names; its type is enough to know where to look."""
    return str(exc) if isinstance(exc, probes.ProbeFailed) else type(exc).__name__
