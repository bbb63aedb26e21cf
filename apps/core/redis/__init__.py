"""The one Redis client of the process, and whether it is worth asking.

Everything that uses Redis here, the Django cache included, goes through connections that share one
memory of failures: a Redis that refuses or hangs costs this process one time-out every
`REDIS_DOWN_MEMO_S`, and its users get their fall-backs at once until it answers again.
"""

import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import redis as redis_py
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from apps.core.redis.outage import OUTAGE
from apps.core.redis.pool import WatchedPool, WatchedSentinelPool
from apps.core.redis_options import REDIS_POOL_OPTIONS, REDIS_PROBE_EVERY_S, sentinel_options

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["OUTAGE", "RedisGone", "get_redis", "is_redis_available"]

# What a caller of `get_redis()` catches to go on without Redis.
RedisGone = (redis_py.exceptions.RedisError, OSError)

_lock = threading.Lock()
_clients: dict[str, "Redis"] = {}


def get_redis() -> "Redis | None":
    """None where no Redis is configured. The client's operations raise `RedisGone` while it is away.

    Not for commands that wait for something to happen: to this client, silence is an outage.
    """
    url: str = settings.REDIS_URL
    if not url:
        return None
    client = _clients.get(url)
    if client is None:
        with _lock:
            client = _clients.get(url) or _new_client(url)
            _clients[url] = client
    return client


def _new_client(url: str) -> "Redis":
    # A pool of its own: it looks after itself in a forked child, and the cache's users cannot empty it.
    options = dict(REDIS_POOL_OPTIONS)
    if password := getattr(settings, "REDIS_PASSWORD", ""):
        options["password"] = password
    sentinels: Sequence[tuple[str, int]] = getattr(settings, "REDIS_SENTINELS", ())
    if not sentinels:
        return redis_py.Redis(connection_pool=WatchedPool.from_url(url, **options))
    manager = Sentinel(  # type: ignore[no-untyped-call]
        sentinels,
        sentinel_kwargs={
            **sentinel_options(getattr(settings, "REDIS_SENTINEL_PASSWORD", "")),
            "retry": Retry(NoBackoff(), 0),
        },
    )
    master = urlsplit(url)
    options |= {"ssl": master.scheme == "rediss", "db": int(master.path.strip("/") or 0)}
    pool = WatchedSentinelPool(master.hostname or "mymaster", manager, **options)
    return redis_py.Redis(connection_pool=pool)


def is_redis_available() -> bool:
    """Cheap: what the last operation found, refreshed by a PING at most every few seconds."""
    client = get_redis()
    if client is None:
        return False
    if not OUTAGE.is_down and OUTAGE.answered_within(REDIS_PROBE_EVERY_S):
        return True
    try:
        return bool(client.ping())
    except RedisGone:
        return False


def _forget_clients() -> None:
    global _lock  # noqa: PLW0603 - another thread may have held it at the moment of the fork
    _lock = threading.Lock()
    _clients.clear()


os.register_at_fork(after_in_child=_forget_clients)
