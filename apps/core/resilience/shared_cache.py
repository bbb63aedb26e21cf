"""What several processes remember together, and each of them alone while Redis is away."""

import hashlib
import json
import logging
import re
import threading
from collections import OrderedDict
from typing import Any

from django.core.cache import caches

from apps.core.redis import OUTAGE, get_redis
from apps.core.resilience.clock import SYSTEM_CLOCK, Clock
from apps.core.resilience.forking import forget_after_fork

logger = logging.getLogger(__name__)

_DIGEST = re.compile(r"[0-9a-f]{32,}")


def key_hint(key: str) -> str:
    """Eight hex digits that tell keys apart in a log: of the digest in the key, else of the key itself."""
    found = _DIGEST.search(key)
    digest = found[0] if found else hashlib.sha256(key.encode()).hexdigest()
    return digest[:8]


class LocalStore:
    """The newest entries of this process, as JSON text: nobody can change what was stored."""

    def __init__(self, *, max_entries: int, max_bytes: int, clock: Clock = SYSTEM_CLOCK) -> None:
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._clock = clock
        self.forget()
        forget_after_fork(self)

    def forget(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> str | None:
        with self._lock:
            expires_at, text = self._entries.get(key, (0.0, ""))
            if self._clock.monotonic() < expires_at:
                return text
            self._drop(key)
            return None

    def set(self, key: str, text: str, ttl_s: float) -> None:
        with self._lock:
            self._drop(key)
            self._entries[key] = (self._clock.monotonic() + ttl_s, text)
            self._bytes += len(text)
            while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
                self._drop(next(iter(self._entries)))

    def delete(self, key: str) -> None:
        with self._lock:
            self._drop(key)

    def _drop(self, key: str) -> None:
        if entry := self._entries.pop(key, None):
            self._bytes -= len(entry[1])


class SharedCache:
    """JSON values in a Django cache, with a bounded copy in the process for the time Redis is away.

    The copy is read only then: while Redis answers it alone decides, so a deleted value is gone
    everywhere. A value that cannot be read back is a miss and is removed. None is never a value.
    """

    def __init__(
        self,
        alias: str = "default",
        *,
        max_local_entries: int = 512,
        max_local_bytes: int = 32_000_000,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._alias = alias
        self._local = LocalStore(max_entries=max_local_entries, max_bytes=max_local_bytes, clock=clock)

    def get(self, key: str) -> Any | None:
        value = self._read(key)
        if logger.isEnabledFor(logging.DEBUG):
            outcome = "MISS" if value is None else "HIT"
            logger.debug(
                "[CACHE] %s for %s…",
                outcome,
                key_hint(key),
                extra={"event": f"cache_{outcome.lower()}", "cache_key_hint": key_hint(key)},
            )
        return value

    def set(self, key: str, value: Any, ttl_s: float) -> None:
        """
        Raises:
            TypeError, ValueError: the value is None or cannot be written as JSON.
        """
        if value is None:
            raise ValueError("None is what a miss looks like")
        text = json.dumps(value)
        if ttl_s <= 0:
            return
        self._local.set(key, text, ttl_s)
        # Read back from its text, so that every process finds the same: lists, not tuples.
        caches[self._alias].set(key, json.loads(text), timeout=ttl_s)
        logger.info(
            "[CACHE] Stored %s… (ttl=%.0fs)",
            key_hint(key),
            ttl_s,
            extra={"event": "cache_stored", "cache_key_hint": key_hint(key), "ttl_s": ttl_s},
        )

    def delete(self, key: str) -> bool:
        """False where Redis could not be told: other processes may go on finding the value."""
        self._local.delete(key)
        caches[self._alias].delete(key)
        return not OUTAGE.is_down

    def _read(self, key: str) -> Any | None:
        try:
            value = caches[self._alias].get(key)
        except ValueError:  # not JSON, or not text at all
            logger.warning(
                "[CACHE] Unreadable value for %s… removed",
                key_hint(key),
                extra={"event": "cache_value_unreadable", "cache_key_hint": key_hint(key)},
            )
            caches[self._alias].delete(key)
            return None
        if value is not None or not self._on_its_own():
            return value
        text = self._local.get(key)
        return None if text is None else json.loads(text)

    def _on_its_own(self) -> bool:
        return OUTAGE.is_down or get_redis() is None
