"""What this process knows about Redis being there, shared by everything that uses it."""

import logging
import threading
import time

import redis.exceptions

from apps.core.redis_options import REDIS_DOWN_MEMO_S
from apps.core.resilience.forking import forget_after_fork

logger = logging.getLogger(__name__)


class RedisLeftAlone(redis.exceptions.ConnectionError):
    """Refused without asking: Redis failed a moment ago."""


class Outage:
    """Remembers for a short while that Redis failed, and lets one caller find out whether it is back.

    Without it every operation against a Redis that hangs costs its time-out: a request that makes
    ten of them would be over before its first provider was asked.
    """

    def __init__(self, memo_s: float = REDIS_DOWN_MEMO_S) -> None:
        self.memo_s = memo_s
        self.forget()

    def forget(self) -> None:
        self._lock = threading.Lock()
        self._down = False
        self._refuse_until = 0.0
        self._prober: int | None = None
        self._answered_at = float("-inf")

    @property
    def is_down(self) -> bool:
        """True from a failure until the next answer."""
        return self._down

    def answered_within(self, seconds: float) -> bool:
        return time.monotonic() - self._answered_at < seconds

    def admit(self) -> None:
        """Let this thread talk to Redis.

        Raises:
            RedisLeftAlone: it failed a moment ago, or another thread is finding out right now.
        """
        if not self._down:
            return
        with self._lock:
            if not self._down or self._prober == threading.get_ident():
                return
            now = time.monotonic()
            if now < self._refuse_until:
                raise RedisLeftAlone("Redis failed a moment ago")
            # Should the prober never come back with an answer, the next one may try when this runs out.
            self._prober = threading.get_ident()
            self._refuse_until = now + self.memo_s

    def note_failure(self, error: BaseException) -> None:
        with self._lock:
            was_down, self._down = self._down, True
            self._prober = None
            self._refuse_until = time.monotonic() + self.memo_s
        if not was_down:
            logger.warning(
                "[REDIS] Redis unavailable (%s), carrying on within this process",
                type(error).__name__,
                extra={"event": "redis_unavailable", "error": type(error).__name__},
            )

    def note_answer(self) -> None:
        self._answered_at = time.monotonic()
        if not self._down:
            return
        with self._lock:
            was_down, self._down = self._down, False
            self._prober = None
        if was_down:
            logger.info("[REDIS] Redis is back", extra={"event": "redis_back"})


OUTAGE = Outage()
forget_after_fork(OUTAGE)
