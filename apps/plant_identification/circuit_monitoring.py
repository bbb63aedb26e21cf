"""The providers' circuit breakers as operators see them: one log line per event, one status per circuit."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypedDict

import pybreaker

from apps.core.http.redaction import redact
from apps.core.resilience.breaker import (
    BreakerListener,
    BreakerPolicy,
    CircuitOpen,
    SharedBreaker,
    Snapshot,
    Transition,
    Verdict,
)
from apps.core.resilience.breaker.types import CLOSED, HALF_OPEN, OPEN, Reply
from apps.plant_identification.constants import CIRCUIT_RESET_TIMEOUT_MAX_S

logger = logging.getLogger(__name__)

# A trial may last as long as its call; this much later its place is given to another.
_TRIAL_MARGIN_S = 5.0
_LONGEST_ERROR_TEXT = 200


class CircuitStatus(TypedDict):
    """Times in seconds, None where they do not apply; `last_state_change` is ISO 8601 in UTC."""

    state: str
    service_name: str
    fail_count: int
    fail_max: int
    reset_timeout: float
    success_threshold: int
    is_healthy: bool
    is_degraded: bool
    is_unavailable: bool
    last_state_change: str | None
    open_duration_seconds: float | None
    retry_in_seconds: float | None


class CircuitMonitor(BreakerListener):
    """Writes what happens to a circuit into the log.

    A change of state is told to one process of the fleet while Redis decides, and so is written
    once; without Redis each process has a circuit, and a line, of its own.
    """

    def __init__(self, service_name: str) -> None:
        self.service_name = service_name

    def circuit_changed(self, _: pybreaker.CircuitBreaker, change: Transition) -> None:
        self._log(
            logging.ERROR if change.new == OPEN else logging.INFO,
            "circuit_state_changed",
            f"state transition: {_loud(change.old)} → {_loud(change.new)} (fail_count={change.fail_count})",
            old_state=change.old,
            new_state=change.new,
            fail_count=change.fail_count,
        )
        if change.new == OPEN:
            self._log(
                logging.ERROR,
                "circuit_opened",
                f"circuit OPENED - API calls blocked for {change.retry_in_s:.0f}s",
                blocked_for_s=change.retry_in_s,
            )
        elif change.new == HALF_OPEN:
            text = "entering HALF-OPEN state - Testing service recovery"
            self._log(logging.INFO, "circuit_half_open", text)
        else:
            self._log(
                logging.INFO,
                "circuit_closed",
                f"circuit CLOSED - Service recovered after {change.downtime_s:.1f}s downtime",
                downtime_s=change.downtime_s,
            )

    def call_rejected(self, _: pybreaker.CircuitBreaker, rejection: CircuitOpen) -> None:
        self._log(
            logging.INFO,
            "circuit_call_blocked",
            "call BLOCKED - Circuit is OPEN, fast-failing without API call",
            retry_after_s=rejection.retry_after_s,
        )

    def call_recorded(
        self, breaker: pybreaker.CircuitBreaker, verdict: Verdict, reply: Reply, error: BaseException | None
    ) -> None:
        if verdict is Verdict.FAILURE and error is not None:
            self._call_failed(breaker, reply, error)
        elif verdict is Verdict.SUCCESS and reply.previous == HALF_OPEN and reply.accepted:
            self._log(
                logging.INFO,
                "circuit_recovery_test_succeeded",
                f"recovery test SUCCESS ({reply.successes}/{breaker.success_threshold} required)",
                successes=reply.successes,
            )

    def _call_failed(self, breaker: pybreaker.CircuitBreaker, reply: Reply, error: BaseException) -> None:
        kind = type(error).__name__
        what = redact(str(error))[:_LONGEST_ERROR_TEXT]
        self._log(
            logging.WARNING,
            "circuit_call_failed",
            f"call FAILED - {kind}: {what} (fail_count={reply.fails}/{breaker.fail_max})",
            error=kind,
            fail_count=reply.fails,
        )
        if reply.accepted and reply.state == CLOSED and reply.fails == breaker.fail_max - 1:
            text = "WARNING - One more failure will open circuit"
            self._log(logging.WARNING, "circuit_about_to_open", text)

    def circuit_stuck(self, _: pybreaker.CircuitBreaker, open_for_s: float) -> None:
        self._log(
            logging.CRITICAL,
            "circuit_stuck_open",
            f"CRITICAL - Circuit has not closed for {open_for_s:.0f}s",
            open_for_s=open_for_s,
        )

    def _log(self, level: int, event: str, text: str, **fields: object) -> None:
        logger.log(
            level,
            "[CIRCUIT] %s %s",
            self.service_name,
            text,
            extra={"event": event, "service": self.service_name, **fields},
        )


class CircuitStats:
    """The state of a circuit, read from where all processes keep it; reading lets no trial through."""

    def __init__(self, circuit: SharedBreaker, service_name: str) -> None:
        self._circuit = circuit
        self.service_name = service_name

    def snapshot(self) -> Snapshot:
        return self._circuit.snapshot()

    def is_healthy(self) -> bool:
        return self._circuit.snapshot().state == CLOSED

    def get_status(self) -> CircuitStatus:
        now = self._circuit.snapshot()
        is_open = now.state == OPEN
        return {
            "state": now.state.replace("-", "_"),
            "service_name": self.service_name,
            "fail_count": now.fail_count,
            "fail_max": self._circuit.fail_max,
            "reset_timeout": self._circuit.reset_timeout,
            "success_threshold": self._circuit.success_threshold,
            "is_healthy": now.state == CLOSED,
            "is_degraded": now.state == HALF_OPEN,
            "is_unavailable": is_open,
            "last_state_change": None if now.changed_s_ago is None else _iso_ago(now.changed_s_ago),
            "open_duration_seconds": None if now.open_for_s is None else round(now.open_for_s, 1),
            "retry_in_seconds": round(now.retry_in_s, 1) if is_open and not now.is_held else None,
        }


def create_monitored_circuit(
    service_name: str,
    fail_max: int,
    reset_timeout: float,
    success_threshold: int = 1,
    timeout: float | None = None,
    *,
    neutral: Sequence[type[Exception]] = (),
    exclude: Sequence[type[Exception] | Callable[[Exception], bool]] = (),
    listeners: Sequence[BreakerListener] = (),
) -> tuple[SharedBreaker, CircuitMonitor, CircuitStats]:
    """A circuit all processes share under `service_name`, with its log and its status.

    `timeout` is the longest a call may take, in seconds: the place of a trial whose process died
    becomes free a little after. `neutral` failures say nothing about the service, `exclude`d ones
    are its success.
    """
    longest_call_s = reset_timeout if timeout is None else timeout
    policy = BreakerPolicy(
        fail_max=fail_max,
        reset_timeout_s=reset_timeout,
        success_threshold=success_threshold,
        reset_cap_s=CIRCUIT_RESET_TIMEOUT_MAX_S,
        probe_ttl_s=longest_call_s + _TRIAL_MARGIN_S,
    )
    monitor = CircuitMonitor(service_name)
    circuit = SharedBreaker(
        service_name, policy, neutral=neutral, exclude=exclude, listeners=[monitor, *listeners]
    )
    logger.info(
        "[CIRCUIT] Initialized circuit breaker for %s (fail_max=%d, reset_timeout=%.0fs)",
        service_name,
        fail_max,
        reset_timeout,
        extra={"event": "circuit_initialized", "service": service_name, "fail_max": fail_max},
    )
    return circuit, monitor, CircuitStats(circuit, service_name)


def log_degraded(*, unavailable: str, using: str) -> None:
    """One provider's circuit is open and the others answer without it; by their display names."""
    logger.warning(
        "[CIRCUIT] DEGRADED: %s circuit OPEN, using %s only",
        unavailable,
        using,
        extra={"event": "circuit_degraded", "unavailable": unavailable, "using": using},
    )


def log_all_open(circuits: int = 2) -> None:
    logger.critical(
        "[CIRCUIT] CRITICAL: %s circuits OPEN - no API available",
        "Both" if circuits == 2 else "All",
        extra={"event": "circuit_all_open"},
    )


def _loud(state: str) -> str:
    return state.upper()


def _iso_ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="seconds")
