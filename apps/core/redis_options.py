"""How this service talks to Redis. Imports no settings, because the settings import it.

Redis answers in a fraction of a millisecond. One that has not answered within these times is not
slow but gone, and everything kept in it can be done without for a while.
"""

from collections.abc import Sequence
from typing import Any

REDIS_CONNECT_TIMEOUT_S = 0.3
REDIS_READ_TIMEOUT_S = 0.5
# After a failure the whole process leaves Redis alone for this long, then one caller tries again.
REDIS_DOWN_MEMO_S = 2.0
# An answer of any kind within this time is proof enough that Redis is there.
REDIS_PROBE_EVERY_S = 5.0
REDIS_MAX_CONNECTIONS = 64
REDIS_WAIT_FOR_CONNECTION_S = 1.0

REDIS_POOL_OPTIONS: dict[str, Any] = {
    "max_connections": REDIS_MAX_CONNECTIONS,
    "timeout": REDIS_WAIT_FOR_CONNECTION_S,
    "socket_connect_timeout": REDIS_CONNECT_TIMEOUT_S,
    "socket_timeout": REDIS_READ_TIMEOUT_S,
}

# JSON, never pickle: unpickling runs whatever somebody managed to put into Redis.
REDIS_CACHE_OPTIONS: dict[str, Any] = {
    "CLIENT_CLASS": "django_redis.client.DefaultClient",
    "SERIALIZER": "apps.core.redis.serializer.JsonSerializer",
    "CONNECTION_POOL_CLASS": "apps.core.redis.pool.WatchedPool",
    "CONNECTION_POOL_KWARGS": REDIS_POOL_OPTIONS,
    "IGNORE_EXCEPTIONS": True,
}


def redis_cache_options(
    sentinels: Sequence[tuple[str, int]] = (), password: str = "", sentinel_password: str = ""
) -> dict[str, Any]:
    """The cache's OPTIONS; with sentinels, `LOCATION` names the master: `redis://mymaster/0`.

    The ordinary client is kept with Sentinel too: it reads from the master. The one made for
    Sentinel reads from replicas, where an answer written a moment ago may be missing.
    """
    options = dict(REDIS_CACHE_OPTIONS)
    if password:
        options["PASSWORD"] = password
    if sentinels:
        options |= {
            "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
            "CONNECTION_POOL_CLASS": "apps.core.redis.pool.WatchedSentinelPool",
            "SENTINELS": list(sentinels),
            "SENTINEL_KWARGS": sentinel_options(sentinel_password),
        }
    return options


def sentinel_options(password: str = "") -> dict[str, Any]:
    """How the sentinels themselves are talked to."""
    timeouts = {"socket_connect_timeout": REDIS_CONNECT_TIMEOUT_S, "socket_timeout": REDIS_CONNECT_TIMEOUT_S}
    return timeouts | ({"password": password} if password else {})
