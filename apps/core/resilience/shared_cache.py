"""What several processes remember together, and each of them alone while Redis is away."""

import hashlib
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import msgspec
from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache

from apps.core.redis import OUTAGE, get_redis
from apps.core.redis.serializer import decode_json, encode_json
from apps.core.resilience.clock import SYSTEM_CLOCK, Clock
from apps.core.resilience.forking import forget_after_fork

logger = logging.getLogger(__name__)

_DIGEST = re.compile(r"[0-9a-f]{32,}")
LATELY_MAX_ENTRIES, LATELY_MAX_BYTES = 64, 64_000
# A cache with this serializer takes JSON text as it is; any other is given the value.
_TAKES_TEXT = "apps.core.redis.serializer.JsonSerializer"


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
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> bytes | None:
        with self._lock:
            expires_at, text = self._entries.get(key, (0.0, b""))
            if self._clock.monotonic() < expires_at:
                return text
            self._drop(key)
            return None

    def set(self, key: str, text: bytes, ttl_s: float) -> None:
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
        self._made: tuple[Any, BaseCache] | None = None
        self._local = LocalStore(max_entries=max_local_entries, max_bytes=max_local_bytes, clock=clock)
        self._lately = LocalStore(max_entries=LATELY_MAX_ENTRIES, max_bytes=LATELY_MAX_BYTES, clock=clock)

    @property
    def _cache(self) -> BaseCache:
        """One for all threads. Django makes one for each context: a new client for each task of a pool."""
        options = settings.CACHES[self._alias]
        made = self._made
        if made is None or made[0] is not options:
            self._made = made = (options, caches.create_connection(self._alias))
        return made[1]

    def get(self, key: str) -> Any | None:
        value = self._read(key)
        _log_look(key, value)
        return value

    def get_lately(self, key: str, *, within_s: float) -> Any | None:
        """What this process was told at most `within_s` ago, else what it is told now.

        For what each request asks and nobody minds being a little old.
        """
        text = self._lately.get(key)
        if text is not None:
            return decode_json(text)
        value = self.get(key)
        if value is not None:
            self._lately.set(key, encode_json(value), within_s)
        return value

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Those that are there, in one question to Redis."""
        keys = list(keys)
        found = self._read_many(keys)
        for key in keys:
            _log_look(key, found.get(key))
        return found

    def set(self, key: str, value: Any, ttl_s: float) -> bool:
        """False where Redis could not be told: other processes do not find the value.

        Raises:
            TypeError, ValueError: the value is None or cannot be written as JSON.
        """
        if value is None:
            raise ValueError("None is what a miss looks like")
        text = encode_json(value)
        if ttl_s <= 0:
            return True
        self._local.set(key, text, ttl_s)
        self._lately.delete(key)
        # Read back from its text where text is not taken, so that all find the same: lists, not tuples.
        stored = msgspec.Raw(text) if self._takes_text() else decode_json(text)
        said: Any = self._cache.set(key, stored, timeout=ttl_s)  # type: ignore[func-returns-value]
        if logger.isEnabledFor(logging.DEBUG):
            hint = key_hint(key)
            logger.debug(
                "[CACHE] Stored %s… (ttl=%.0fs)",
                hint,
                ttl_s,
                extra={"event": "cache_stored", "cache_key_hint": hint, "ttl_s": ttl_s},
            )
        return self._was_told(said)

    def delete(self, key: str) -> bool:
        """False where Redis could not be told: other processes may go on finding the value."""
        self._local.delete(key)
        self._lately.delete(key)
        return self._was_told(self._cache.delete(key))

    def _read_many(self, keys: list[str]) -> dict[str, Any]:
        try:
            found = self._cache.get_many(keys)
        except (ValueError, RecursionError):  # one cannot be read, which says nothing of the others
            found = {key: self._read(key) for key in keys}
        else:
            missing = [key for key in keys if found.get(key) is None]
            if missing and self._on_its_own():
                # A new one: what django-redis returns without Redis is the same dictionary every time.
                found = {**found, **{key: self._read_local(key) for key in missing}}
        return {key: value for key, value in found.items() if value is not None}

    def _read(self, key: str) -> Any | None:
        try:
            value = self._cache.get(key)
        except (ValueError, RecursionError):  # not JSON, or not text at all
            logger.warning(
                "[CACHE] Unreadable value for %s… removed",
                key_hint(key),
                extra={"event": "cache_value_unreadable", "cache_key_hint": key_hint(key)},
            )
            self._cache.delete(key)
            return None
        if value is not None or not self._on_its_own():
            return value
        return self._read_local(key)

    def _read_local(self, key: str) -> Any | None:
        text = self._local.get(key)
        return None if text is None else decode_json(text)

    def _on_its_own(self) -> bool:
        return OUTAGE.is_down or get_redis() is None

    def _was_told(self, said: object) -> bool:
        """None is what django-redis says where it could not tell Redis, and other caches at any time."""
        return said is not None or not self._takes_text()

    def _takes_text(self) -> bool:
        options = settings.CACHES[self._alias].get("OPTIONS", {})
        return bool(options.get("SERIALIZER") == _TAKES_TEXT)


def _log_look(key: str, value: Any | None) -> None:
    if not logger.isEnabledFor(logging.DEBUG):
        return
    outcome, hint = "MISS" if value is None else "HIT", key_hint(key)
    logger.debug(
        "[CACHE] %s for %s…",
        outcome,
        hint,
        extra={"event": f"cache_{outcome.lower()}", "cache_key_hint": hint},
    )
