"""Counting what people may do a limited number of times.

    limiter = Limiter("identify", period_s=3_600)
    limiter.peek(request, key="user-7", limit=100)    # is there room?
    limiter.count(request, key="user-7", limit=100)   # one more

django-ratelimit counts in Redis. Its keys contain the rate, so everybody of a group is counted
under one constant rate and the count is compared with the limit of the moment: somebody who is
given a higher limit keeps what was counted. Without Redis each process counts for itself.
"""

import threading
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponseBase
from django_ratelimit import ALL

# Its public reader asks Redis twice. A test holds both ways of reading together.
from django_ratelimit.core import _get_window, _make_cache_key, get_usage
from rest_framework.request import Request

from apps.core.redis import OUTAGE
from apps.core.resilience.clock import SYSTEM_CLOCK, Clock

COUNTER_MAX_KEYS = 10_000
_COUNTED_UNDER = 1_000_000_000  # higher than any limit, so that only the comparison below decides
_REQUEST_KEY = "plant_community.rate_limits"


@dataclass(frozen=True, slots=True)
class Usage:
    group: str
    period_s: int
    limit: int
    used: int
    reset_s: int
    exceeded: bool

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class Limiter:
    """A fixed window of `period_s` for each key; windows of different keys end at different moments."""

    def __init__(self, group: str, period_s: int, *, is_told: bool = True) -> None:
        """Where `is_told` is false, the answer's headers say nothing about it."""
        self.group = group
        self.period_s = period_s
        self._is_told = is_told

    def peek(self, request: HttpRequest | Request, *, key: str, limit: int) -> Usage:
        """Whether one more would still be within the limit; counts nothing."""
        return peek_all(request, [(self, key, limit)])[0]

    def count(self, request: HttpRequest | Request, *, key: str, limit: int) -> Usage:
        """One more, atomically: of any number of callers at once exactly `limit` are not `exceeded`."""
        counted = self._count_further(request, key)
        if counted is not None:
            used, reset_s = counted
            return self.note(request, limit, used, reset_s, exceeded=used > limit)
        usage = get_usage(
            request,
            group=self.group,
            key=lambda _group, _request: key,
            rate=(_COUNTED_UNDER, self.period_s),
            increment=True,
        )
        if usage is None:  # the cache could not be asked
            used, reset_s = FALLBACK.used(self._fallback_key(key), self.period_s, increment=True)
        else:
            used, reset_s = usage["count"], max(1, usage["time_left"])
        return self.note(request, limit, used, reset_s, exceeded=used > limit)

    def _count_further(self, request: HttpRequest | Request, key: str) -> tuple[int, int] | None:
        """With one question instead of two, where this request has just seen that there is a count."""
        seen: dict[str, Usage] = request.META.get(_REQUEST_KEY, {})
        if OUTAGE.is_down or self.group not in seen or not seen[self.group].used:
            return None
        name, reset_s = self.window(key)
        try:
            used: int | None = caches[settings.RATELIMIT_USE_CACHE].incr(name)
        except ValueError:  # another window has begun meanwhile
            return None
        return None if used is None else (used, reset_s)

    def note(
        self, request: HttpRequest | Request, limit: int, used: int, reset_s: int, *, exceeded: bool
    ) -> Usage:
        """Keep it for the headers of the answer."""
        usage = Usage(self.group, self.period_s, limit, used, reset_s, exceeded)
        if self._is_told:
            # META is the one thing DRF's request and Django's have in common.
            request.META.setdefault(_REQUEST_KEY, {})[self.group] = usage
        return usage

    def window(self, key: str) -> tuple[str, int]:
        """Where django-ratelimit keeps the count, and the seconds until it begins anew."""
        ends_at: int = _get_window(key, self.period_s)
        rate = (_COUNTED_UNDER, self.period_s)
        return _make_cache_key(self.group, ends_at, rate, key, ALL), max(1, ends_at - int(time.time()))

    def fallback(self, key: str) -> tuple[int, int]:
        return FALLBACK.used(self._fallback_key(key), self.period_s, increment=False)

    def _fallback_key(self, key: str) -> str:
        return f"{self.group}:{key}"


def peek_all(request: HttpRequest | Request, wanted: Sequence[tuple[Limiter, str, int]]) -> list[Usage]:
    """`Limiter.peek` for several (limiter, key, limit) with one question to Redis."""
    windows = [limiter.window(key) for limiter, key, _ in wanted]
    counts = caches[settings.RATELIMIT_USE_CACHE].get_many([name for name, _ in windows])
    usages = []
    for (limiter, key, limit), (name, reset_s) in zip(wanted, windows, strict=True):
        used = counts.get(name, 0)
        if OUTAGE.is_down:  # an unreachable cache tells a reader nothing
            used, reset_s = limiter.fallback(key)  # noqa: PLW2901
        usages.append(limiter.note(request, limit, used, reset_s, exceeded=used >= limit))
    return usages


class ProcessCounter:
    """Fixed windows in this process, for as many keys as fit; the oldest windows are forgotten first."""

    def __init__(self, max_keys: int = COUNTER_MAX_KEYS, clock: Clock = SYSTEM_CLOCK) -> None:
        self._max_keys = max_keys
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}

    def used(self, key: str, period_s: int, *, increment: bool) -> tuple[int, int]:
        """The count, and the seconds until it begins anew."""
        now = self._clock.wall()
        offset = zlib.crc32(key.encode()) % period_s
        ends_at = now - (now - offset) % period_s + period_s
        with self._lock:
            kept_until, count = self._windows.pop(key, (ends_at, 0))
            if kept_until <= now:
                kept_until, count = ends_at, 0
            count += increment
            if count:
                self._windows[key] = (kept_until, count)  # now the youngest
            if len(self._windows) > self._max_keys:
                del self._windows[next(iter(self._windows))]
        return count, max(1, round(kept_until - now))

    def clear(self) -> None:
        with self._lock:
            self._windows.clear()


FALLBACK = ProcessCounter()


def add_rate_limit_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """`RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10) of what was looked at."""
    usages: dict[str, Usage] = request.META.get(_REQUEST_KEY, {})
    if not usages:
        return
    response["RateLimit-Policy"] = ", ".join(
        f'"{usage.group}";q={usage.limit};w={usage.period_s}' for usage in usages.values()
    )
    response["RateLimit"] = ", ".join(
        f'"{usage.group}";r={usage.remaining};t={usage.reset_s}' for usage in usages.values()
    )
