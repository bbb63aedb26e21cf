"""Sums of all processes over the last hour, in steps of five minutes."""

import threading
import time
from collections import Counter
from collections.abc import Mapping

from apps.core.redis import RedisGone, get_redis
from apps.core.resilience.forking import forget_after_fork

STEP_S = 300
STEPS_IN_AN_HOUR = 12
KEPT_S = 2 * STEP_S * STEPS_IN_AN_HOUR
WRITE_EVERY_S = 1.0


def _key(step: int) -> str:
    return f"core:fleet-counts:{step}"


class FleetCounts:
    """Counts in memory; a second after the first count the sums go to Redis, from a thread of their own.

    So nobody who is counted waits for it, and a busy process spends one round trip a second.
    """

    def __init__(self) -> None:
        self.forget()
        forget_after_fork(self)

    def forget(self) -> None:
        self._lock = threading.Lock()
        self._pending: Counter[str] = Counter()
        self._writer: threading.Timer | None = None

    def add(self, **amounts: int) -> None:
        with self._lock:
            self._pending.update(amounts)
            if self._writer is None:
                self._writer = threading.Timer(WRITE_EVERY_S, self._hand_over)
                self._writer.name, self._writer.daemon = "fleet-counts", True
                self._writer.start()

    def _hand_over(self) -> None:
        with self._lock:
            sums, self._pending, self._writer = self._pending, Counter(), None
        if sums and not _write(sums):
            with self._lock:
                self._pending.update(sums)

    def last_hour(self) -> Counter[str]:
        """Of all processes; of this one where Redis cannot be asked."""
        redis = get_redis()
        total: Counter[str] = Counter()
        if redis is not None:
            newest = int(time.time()) // STEP_S
            pipeline = redis.pipeline(transaction=False)
            for step in range(newest - STEPS_IN_AN_HOUR + 1, newest + 1):
                pipeline.hgetall(_key(step))
            try:
                for row in pipeline.execute():
                    total.update({name.decode(): int(amount) for name, amount in row.items()})
            except RedisGone:
                total.clear()
        with self._lock:
            total.update(self._pending)
        return total


def _write(sums: Mapping[str, int]) -> bool:
    redis = get_redis()
    if redis is None:
        return False
    key = _key(int(time.time()) // STEP_S)
    pipeline = redis.pipeline(transaction=False)
    for name, amount in sums.items():
        pipeline.hincrby(key, name, amount)
    pipeline.expire(key, KEPT_S)
    try:
        pipeline.execute()
    except RedisGone:
        return False
    return True


COUNTS = FleetCounts()


def count_lock_wait(waited_s: float, *, timed_out: bool = False) -> None:
    """Somebody waited for another's call."""
    COUNTS.add(
        lock_waits=1,
        lock_waits_long=int(waited_s >= 1),
        lock_wait_ms=round(waited_s * 1000),
        lock_timeouts=int(timed_out),
    )
