"""What is counted about identifications. Each function here tells one fact; labels have closed sets."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pybreaker

from apps.core.exceptions import DomainError
from apps.core.fleet.counts import count_lock_wait
from apps.core.fleet.events import note_event
from apps.core.metrics.definitions import counter, gauge, histogram
from apps.core.resilience.breaker import BreakerListener, CircuitOpen, Transition
from apps.core.resilience.flight_types import End
from apps.plant_identification.exceptions import ProviderError
from apps.plant_identification.types import AnswerStatus, ProviderState

WAITS_S = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
UNAVAILABLE = "unavailable"  # 503: no answer, and no place in the queue
BROKEN = "broken"  # 500
ANONYMOUS = "anonymous"

REQUESTS = counter("plant_id_requests_total", "Requests to identify, refused ones included.")
IDENTIFICATIONS = counter(
    "identifications_total",
    "Accepted requests by how they were answered.",
    ["status", "cache", "principal"],
)
SUCCESSES = counter("identifications_success_total", "Of these, with an answer that is not an old one.")

CALLS = counter("plant_id_api_calls_total", "Calls to the outside services.", ["provider", "outcome"])
ERRORS = counter("plant_id_api_errors_total", "Of these, without a usable reply.", ["provider"])
DURATION = histogram("plant_id_api_duration_seconds", "How long they took.", ["provider"])
IN_FLIGHT = gauge("plant_id_calls_in_flight", "Calls under way.", ["provider"])

TRANSITIONS = counter(
    "plant_id_circuit_transitions_total", "Changes of a circuit's state.", ["provider", "to"]
)
FAST_FAILS = counter(
    "plant_id_circuit_fast_fails_total", "Calls that were not made: circuit open.", ["provider"]
)

HITS = counter("cache_hits_total", "Whole answers, or a service's replies, found in the cache.", ["cache"])
MISSES = counter("cache_misses_total", "Not found there.", ["cache"])
LOCK_WAIT = histogram(
    "plant_id_lock_wait_seconds",
    "Callers with nothing in the cache, until they had it or loaded.",
    buckets=WAITS_S,
)
LOCK_TIMEOUTS = counter("plant_id_lock_timeouts_total", "Callers whose time was up while another loaded.")
STAMPEDES = counter(
    "plant_id_stampede_prevented_total", "Callers served by what another was loading, instead of a call."
)

CARE_TEXTS = counter(
    "plant_id_care_texts_total",
    "Texts on care asked of the language model, by outcome.",
    ["outcome"],
)

# What the service itself said, or would say of this photo again, is no error of the service.
_USABLE = frozenset({ProviderState.ANSWERED, ProviderState.REFUSED_PHOTO})
_SUCCESS = frozenset({AnswerStatus.COMPLETE.value, AnswerStatus.PARTIAL.value})


# An alert wants to see the first one, too.
for _status in AnswerStatus:
    for _cache in ("miss", "hit", "near"):
        IDENTIFICATIONS.labels(_status.value, _cache, ANONYMOUS)


def prepare_series(provider: str) -> None:
    """From here on they are 0. A series that begins with its first event hides it from `increase()`."""
    for to in ("open", "half_open", "closed"):
        TRANSITIONS.labels(provider, to)
    for by_provider in (FAST_FAILS, ERRORS, DURATION, IN_FLIGHT, HITS, MISSES):
        by_provider.labels(provider)
    for outcome in (ProviderState.ANSWERED, ProviderState.FAILED, ProviderState.TIMED_OUT):
        CALLS.labels(provider, outcome.value)


def count_care_text(outcome: str) -> None:
    CARE_TEXTS.labels(outcome).inc()


def count_request() -> None:
    REQUESTS.inc()


@contextmanager
def counted_identification(principal: str) -> Iterator[Callable[[str, str], None]]:
    """The block calls what it is given with status and cache of an answer. Refused requests are none."""

    def answered(status: str, cache: str) -> None:
        IDENTIFICATIONS.labels(status, cache, principal).inc()
        if status in _SUCCESS:
            SUCCESSES.inc()

    try:
        yield answered
    except DomainError as failure:
        if failure.code.status >= 500:
            IDENTIFICATIONS.labels(UNAVAILABLE, "miss", principal).inc()
        raise
    except Exception:
        IDENTIFICATIONS.labels(BROKEN, "miss", principal).inc()
        raise


@contextmanager
def counted_call(provider: str) -> Iterator[None]:
    """The block is one call to the service."""
    began, outcome = time.perf_counter(), ProviderState.FAILED
    in_flight = IN_FLIGHT.labels(provider)
    in_flight.inc()
    try:
        yield
        outcome = ProviderState.ANSWERED
    except ProviderError as failure:
        outcome = failure.state
        raise
    finally:
        in_flight.dec()
        DURATION.labels(provider).observe(time.perf_counter() - began)
        CALLS.labels(provider, outcome.value).inc()
        if outcome not in _USABLE:
            ERRORS.labels(provider).inc()


class CircuitMetrics(BreakerListener):
    def __init__(self, provider: str) -> None:
        self._provider = provider

    def circuit_changed(self, _: pybreaker.CircuitBreaker, change: Transition) -> None:
        TRANSITIONS.labels(self._provider, change.new.replace("-", "_")).inc()

    def call_rejected(self, _: pybreaker.CircuitBreaker, rejection: CircuitOpen) -> None:
        FAST_FAILS.labels(self._provider).inc()


class FlightMetrics:
    """A `FlightWatcher`: `cache` names what is kept, "answer" or a service.

    Whoever waited is told to operators too, who ask without Prometheus.
    """

    def __init__(self, cache: str) -> None:
        self._hits, self._misses = HITS.labels(cache), MISSES.labels(cache)

    def ended(self, end: End, *, waited_s: float) -> None:
        if end == "cached":
            self._hits.inc()
            return
        self._misses.inc()
        LOCK_WAIT.observe(waited_s)
        if end in {"told", "followed"}:
            STAMPEDES.inc()
        if end in {"followed", "timed_out"}:
            count_lock_wait(waited_s, timed_out=end == "timed_out")
        if end == "timed_out":
            LOCK_TIMEOUTS.inc()
            note_event("lock_timeout", once_in_s=30, waited_s=round(waited_s, 1))
