"""The words the breaker, its two machines and its listeners share."""

import enum
import math
from dataclasses import dataclass
from typing import Literal

import pybreaker

State = Literal["closed", "open", "half-open"]
CLOSED: State = "closed"
OPEN: State = "open"
HALF_OPEN: State = "half-open"


class CircuitOpen(pybreaker.CircuitBreakerError):  # type: ignore[misc]
    """The call was not made. `retry_after_s` is when the next trial may be."""

    def __init__(self, name: str, retry_after_s: float) -> None:
        super().__init__(f"{name}: circuit open, retry in {math.ceil(retry_after_s)} s")
        self.name = name
        self.retry_after_s = retry_after_s


class Verdict(enum.StrEnum):
    """What a call said about the service."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """
    `probe_ttl_s` frees the place of a trial whose owner died; it must not be shorter than a call
    may last. Each failed trial doubles the open period, from `reset_timeout_s` up to `reset_cap_s`.
    """

    fail_max: int
    reset_timeout_s: float
    success_threshold: int = 1
    reset_cap_s: float = 300.0
    probe_ttl_s: float = 40.0
    stuck_after_s: float = 600.0
    # A caller turned away while the one trial runs is told to come back after this.
    trial_retry_s: float = 1.0
    # How long Redis keeps the state of a circuit that nobody uses.
    keep_s: float = 86_400.0

    def open_period_s(self, trips: int) -> float:
        return min(self.reset_cap_s, self.reset_timeout_s * 2.0 ** min(max(trips - 1, 0), 20))


@dataclass(frozen=True, slots=True)
class Reply:
    """What a machine answers to `admit` and `record`. Times are durations: two clocks never meet.

    `accepted` is False for a call that may not be made, and for a result that came too late to count.
    """

    accepted: bool
    state: State
    previous: State
    epoch: int
    fails: int
    successes: int
    trips: int
    retry_in_s: float
    open_for_s: float
    is_stuck_news: bool = False
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`source` is "shared" where Redis was asked, "local" where this process' own view had to do.

    `open_for_s` and `changed_s_ago` are None where the circuit is closed, or never changed.
    """

    name: str
    state: State
    fail_count: int
    success_count: int
    trips: int
    retry_in_s: float
    open_for_s: float | None
    changed_s_ago: float | None
    source: Literal["shared", "local"]
    # Opened by an operator: no trial is let through until one of them closes it.
    is_held: bool = False
    # Not closed, all outages together; only Redis knows it of all processes.
    open_total_s: float | None = None


@dataclass(frozen=True, slots=True)
class Switched:
    """What an operator's hand on the switch found and left, as one step in Redis saw it."""

    before: Snapshot
    after: Snapshot


class SwitchUnreachable(Exception):
    """Redis is away: a switch pressed now would be one process' alone, and forgotten by the others."""


@dataclass(frozen=True, slots=True)
class Transition:
    """`downtime_s` is how long the service was not (fully) used, known when the circuit closes."""

    old: State
    new: State
    fail_count: int
    retry_in_s: float
    trips: int
    downtime_s: float
    is_by_hand: bool = False


class BreakerListener(pybreaker.CircuitBreakerListener):  # type: ignore[misc]
    """pybreaker's listener, told more. Each hook runs in the process where the event happened, once."""

    def circuit_changed(self, breaker: pybreaker.CircuitBreaker, change: Transition, /) -> None:
        """Exactly once in the fleet while Redis decides; once per process while it is away."""

    def call_rejected(self, breaker: pybreaker.CircuitBreaker, rejection: CircuitOpen, /) -> None:
        pass

    def call_recorded(
        self,
        breaker: pybreaker.CircuitBreaker,
        verdict: Verdict,
        reply: Reply,
        error: BaseException | None,
        /,
    ) -> None:
        pass

    def circuit_stuck(self, breaker: pybreaker.CircuitBreaker, open_for_s: float, /) -> None:
        """Once per outage, by the first call after `BreakerPolicy.stuck_after_s`."""
