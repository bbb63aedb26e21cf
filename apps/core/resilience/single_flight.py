"""The same thing is loaded once, however many ask for it at the same time, in however many processes."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any

from apps.core.redis import get_redis
from apps.core.resilience.clock import SYSTEM_CLOCK, Clock, Deadline
from apps.core.resilience.fleet_flight import FleetFlight
from apps.core.resilience.flight_types import (
    End,
    FailureCodec,
    Flight,
    FlightPolicy,
    FlightResult,
    FlightTimeout,
    FlightWatcher,
    NobodyWatches,
    T,
)
from apps.core.resilience.forking import forget_after_fork
from apps.core.resilience.shared_cache import SharedCache

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["FailureCodec", "FlightPolicy", "FlightResult", "FlightTimeout", "SingleFlight"]


class _TryYourself(Exception):
    """The caller that this one followed ended for a reason of its own."""


class SingleFlight:
    """Loads behind a cache, a future per key in the process, and a lock per key in the fleet.

    The cache is read before the lock, after getting it, and after giving up on it. Waiters look
    at the cache instead of queueing for the lock, so they learn of a failure as soon as of a
    value. Without Redis the same holds within the process.
    """

    def __init__(
        self,
        cache: SharedCache,
        policy: FlightPolicy | None = None,
        *,
        redis: "Callable[[], Redis | None]" = get_redis,
        clock: Clock = SYSTEM_CLOCK,
        watcher: FlightWatcher | None = None,
    ) -> None:
        self._policy = policy or FlightPolicy()
        self._clock = clock
        self._watcher = watcher or NobodyWatches()
        self._fleet = FleetFlight(cache, self._policy, redis=redis, clock=clock)
        self.forget()
        forget_after_fork(self)

    def forget(self) -> None:
        self._guard = threading.Lock()
        self._under_way: dict[str, Future[FlightResult[Any]]] = {}

    def fetch(
        self,
        key: str,
        load: Callable[[], T],
        *,
        wait_s: float,
        ttl_s: float | Callable[[T], float],
        failure_codec: FailureCodec | None = None,
        lock_key: str | None = None,
        when_missing: Callable[[], object] = lambda: None,
    ) -> FlightResult[T]:
        """The cached value, another caller's, or a fresh one, in this order of preference.

        `wait_s` bounds the waiting for others; `load` keeps to a deadline of its own. What `load`
        raises is raised here and in everybody who waited for it, as the codec says; without a codec
        in this process only. Flights with one `lock_key` load one after the other, whatever their keys:
        the later finds what the earlier left. `when_missing` is called before anybody loads or waits.

        Raises:
            FlightTimeout: another is still loading after `wait_s`.
        """
        begins: list[float] = []
        flight = Flight(
            key=key,
            lock_key=lock_key or key,
            id_prefix=self._policy.id_prefix,
            load=self._noting(load, begins),
            started_at=self._clock.monotonic(),
            deadline=Deadline.after(wait_s, self._clock),
            ttl_s=ttl_s if callable(ttl_s) else lambda _: ttl_s,
            codec=failure_codec,
        )
        return self._watched(flight, begins, when_missing)

    def _watched(
        self, flight: Flight[T], begins: list[float], when_missing: Callable[[], object]
    ) -> FlightResult[T]:
        end: End = "told"
        try:
            if (found := self._fleet.look(flight, "cached")) is not None:
                end = "cached"
                return found
            end = "followed"
            when_missing()
            return self._fly_or_follow(flight)
        except FlightTimeout:
            end = "timed_out"
            raise
        finally:
            until = begins[0] if begins else self._clock.monotonic()
            self._watcher.ended("loaded" if begins else end, waited_s=until - flight.started_at)

    def _noting(self, load: Callable[[], T], begins: list[float]) -> Callable[[], T]:
        def noted() -> T:
            begins.append(self._clock.monotonic())
            return load()

        return noted

    def _fly_or_follow(self, flight: Flight[T]) -> FlightResult[T]:
        while True:
            ahead, mine = self._take_off(flight.key)
            if ahead is None:
                return self._lead(flight, mine)
            try:
                return self._follow(flight, ahead)
            except _TryYourself:
                continue

    def _take_off(self, key: str) -> "tuple[Future[FlightResult[Any]] | None, Future[FlightResult[Any]]]":
        mine: Future[FlightResult[Any]] = Future()
        with self._guard:
            ahead = self._under_way.get(key)
            if ahead is None:
                self._under_way[key] = mine
        return ahead, mine

    def _lead(self, flight: Flight[T], mine: "Future[FlightResult[Any]]") -> FlightResult[T]:
        try:
            result = self._fleet.fly(flight)
        except BaseException as exc:
            self._land(flight.key)
            mine.set_exception(exc if _concerns_followers(exc, flight.codec) else _TryYourself())
            raise
        self._land(flight.key)
        mine.set_result(result)
        return result

    def _land(self, key: str) -> None:
        with self._guard:
            del self._under_way[key]

    def _follow(self, flight: Flight[T], ahead: "Future[FlightResult[Any]]") -> FlightResult[T]:
        if not wait([ahead], timeout=flight.deadline.remaining_s()).done:
            raise FlightTimeout("another caller of this process is still loading")
        failure = ahead.exception()
        if failure is None:
            return FlightResult(ahead.result().value, "followed")
        if flight.codec is None or not isinstance(failure, Exception) or isinstance(failure, _TryYourself):
            raise failure
        raise flight.codec.decode(flight.codec.encode(failure))


def _concerns_followers(exc: BaseException, codec: FailureCodec | None) -> bool:
    if not isinstance(exc, Exception) or isinstance(exc, FlightTimeout):
        return False  # its time was up, which need not be true of the others
    return codec is None or codec.encode(exc) is not None
