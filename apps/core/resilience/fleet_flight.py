"""Single flight between processes: one holds the lock and loads, the others watch the cache."""

import contextlib
import logging
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from apps.core.redis import RedisGone
from apps.core.resilience.clock import Clock
from apps.core.resilience.flight_types import (
    Flight,
    FlightPolicy,
    FlightResult,
    FlightTimeout,
    Source,
    T,
)
from apps.core.resilience.locks import RENEWER, SharedLock
from apps.core.resilience.shared_cache import SharedCache, key_hint

if TYPE_CHECKING:
    from redis import Redis

logger = logging.getLogger(__name__)

_MANY_HOLDERS = 256


def failure_key(key: str) -> str:
    return f"failed:{key}"


class FleetFlight:
    def __init__(
        self, cache: SharedCache, policy: FlightPolicy, *, redis: "Callable[[], Redis | None]", clock: Clock
    ) -> None:
        self._cache, self._policy, self._redis, self._clock = cache, policy, redis, clock
        # When another process was last seen to hold a lock: the next caller here knows it too.
        self._holder_seen_at: dict[str, float] = {}

    def look(self, flight: Flight[T], source: Source) -> FlightResult[T] | None:
        """The value if it is there; a failure of a moment ago is raised."""
        if flight.codec is None:
            value = self._cache.get(flight.key)
            return None if value is None else FlightResult(value, source)
        failed = failure_key(flight.key)
        found = self._cache.get_many((flight.key, failed))
        if flight.key in found:
            return FlightResult(found[flight.key], source)
        if failed in found:
            raise flight.codec.decode(found[failed])
        return None

    def fly(self, flight: Flight[T]) -> FlightResult[T]:
        """Follow whoever holds the lock, or hold it and load.

        Raises:
            FlightTimeout: another holds it, and the flight's deadline has passed.
        """
        _log(logging.DEBUG, "Attempting lock for", flight, "lock_attempt", show_id=True)
        while True:
            try:
                lock = self._take_lock(flight)
            except RedisGone:
                # The holder seen a moment ago is probably still at work; only its silence for as long
                # as its lock would have lived makes a second load the lesser evil.
                if self._is_silent(flight.lock_key):
                    _log(
                        logging.INFO,
                        "Redis unavailable, loading without lock for",
                        flight,
                        "lock_redis_unavailable",
                    )
                    value = self._load(flight)
                    self._tell(flight, value)
                    return FlightResult(value, "loaded")
            else:
                if lock is not None:
                    self._holder_seen_at.pop(flight.lock_key, None)
                    return self._hold(flight, lock)
                self._note_holder(flight.lock_key)
            if (found := self._wait_and_look(flight)) is not None:
                self._holder_seen_at.pop(flight.lock_key, None)
                return found

    def _take_lock(self, flight: Flight[Any]) -> SharedLock | None:
        """
        Raises:
            RedisGone: not configured counts as gone.
        """
        client = self._redis()
        if client is None:
            raise ConnectionError("no Redis configured")
        lock = SharedLock(client, flight.lock_key, lock_id=flight.lock_id, expire_s=self._policy.expire_s)
        return lock if lock.acquire() else None

    def _note_holder(self, lock_key: str) -> None:
        now = self._clock.monotonic()
        if len(self._holder_seen_at) >= _MANY_HOLDERS:
            oldest = now - self._policy.expire_s
            kept = {key: at for key, at in dict(self._holder_seen_at).items() if at >= oldest}
            self._holder_seen_at = kept
        self._holder_seen_at[lock_key] = now

    def _is_silent(self, lock_key: str) -> bool:
        seen_at = self._holder_seen_at.get(lock_key)
        return seen_at is None or self._clock.monotonic() - seen_at > self._policy.expire_s

    def _wait_and_look(self, flight: Flight[T]) -> FlightResult[T] | None:
        if self._policy.blocking and not flight.deadline.expired:
            shortest, longest = self._policy.poll_s
            # Jitter, so that waiters do not come in step; nothing here is a secret.
            pause_s = random.uniform(shortest, longest)  # noqa: S311
            self._clock.sleep(min(pause_s, flight.deadline.remaining_s()))
        found = self.look(flight, "followed")
        if found is not None:
            _log_found(flight)
        elif not self._policy.blocking or flight.deadline.expired:
            self._give_up(flight)
        return found

    def _give_up(self, flight: Flight[Any]) -> None:
        waited_s = flight.waited_s()
        logger.warning(
            "[LOCK] Lock acquisition timed out after %.0f s for %s…",
            waited_s,
            key_hint(flight.key),
            extra={"event": "lock_timeout", "waited_s": round(waited_s, 3), "key_hint": key_hint(flight.key)},
        )
        raise FlightTimeout("another process is still loading")

    def _hold(self, flight: Flight[T], lock: SharedLock) -> FlightResult[T]:
        _log(logging.DEBUG, "Lock acquired for", flight, "lock_acquired", show_id=True)
        renewed = (
            RENEWER.keeping(lock, every_s=self._policy.renew_every_s)
            if self._policy.auto_renewal
            else contextlib.nullcontext()
        )
        told = True
        try:
            with renewed:
                if (found := self.look(flight, "followed")) is not None:
                    _log_found(flight)
                    return found
                value = self._load(flight)
                if not (told := self._tell(flight, value)):
                    # Whoever had the lock next would load again.
                    RENEWER.release_when_told(
                        lock, lambda: self._tell(flight, value), within_s=self._policy.expire_s
                    )
                return FlightResult(value, "loaded")
        finally:
            if told:
                self._release(flight, lock)

    def _release(self, flight: Flight[Any], lock: SharedLock) -> None:
        if lock.release():
            _log(logging.DEBUG, "Released lock for", flight, "lock_released")
        else:
            _log(logging.INFO, "Lock was gone before release for", flight, "lock_lost")

    def _load(self, flight: Flight[T]) -> T:
        try:
            return flight.load()
        except Exception as exc:
            failure = None if flight.codec is None else flight.codec.encode(exc)
            if failure is not None:
                self._cache.set(failure_key(flight.key), failure, self._policy.failure_ttl_s)
            raise

    def _tell(self, flight: Flight[T], value: T) -> bool:
        return self._cache.set(flight.key, value, flight.ttl_s(value))


def _log_found(flight: Flight[Any]) -> None:
    _log(
        logging.INFO,
        "Cache populated by another process for",
        flight,
        "lock_cache_populated",
        "(skipping API call)",
    )


def _log(
    level: int, text: str, flight: Flight[Any], event: str, note: str = "", *, show_id: bool = False
) -> None:
    if not logger.isEnabledFor(level):
        return
    hint = key_hint(flight.key)
    parts = [f"{hint}…", f"(id: {flight.lock_id})" if show_id else "", note]
    logger.log(
        level,
        "[LOCK] %s %s",
        text,
        " ".join(part for part in parts if part),
        extra={"event": event, "key_hint": hint, "lock_id": flight.lock_id},
    )
