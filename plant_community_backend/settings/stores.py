"""How the stores are used. Redis has four roles: cache, broker, channels, and `apps.core.redis` for the rest.

With `REDIS_SENTINELS` the host of `REDIS_URL` is the name of the master: `redis://mymaster/0`.
"""

from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from apps.core.redis_options import redis_cache_options

Sentinels = list[tuple[str, int]]


def database_options(engine: str, *, pool_size: int) -> dict[str, Any]:
    if engine == "django.db.backends.postgresql":
        # Connections go back to the pool after each short use, so web and provider threads share a few.
        # Who reconnects pauses twice as long after each failure, and would notice a server that was gone for
        # minutes minutes late: so each gives up soon, and the next who needs a connection begins anew.
        return {"pool": {"min_size": 1, "max_size": pool_size, "timeout": 5, "reconnect_timeout": 5}}
    if engine == "django.db.backends.sqlite3":
        # Whoever reads first and then writes would be refused at once while another writes. So each
        # transaction takes its turn at the start, and readers outside of one need not wait for it.
        return {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,  # s
            "init_command": "PRAGMA journal_mode=WAL;",
        }
    return {}


def parse_sentinels(addresses: list[str]) -> Sentinels:
    """From `host:port`, the port being 26379 unless given."""
    split = [urlsplit(f"//{address}") for address in addresses]
    return [(part.hostname or "", part.port or 26379) for part in split]


def database_engine(engine: str) -> dict[str, Any]:
    """Our own on top of Django's for PostgreSQL."""
    return {"ENGINE": "apps.core.postgresql"} if engine == "django.db.backends.postgresql" else {}


def cache_settings(
    url: str, *, sentinels: Sentinels, password: str, sentinel_password: str
) -> dict[str, Any]:
    if not url:
        return {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 1_000},
        }
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": "pc",
        "OPTIONS": redis_cache_options(sentinels, password, sentinel_password),
    }


def broker_url(url: str, *, sentinels: Sentinels, password: str) -> str:
    if not url:
        return ""
    if not sentinels:
        return with_password(url, password)
    secret = f":{quote(password, safe='')}@" if password else ""
    database = urlsplit(url).path or "/0"
    return ";".join(f"sentinel://{secret}{host}:{port}{database}" for host, port in sentinels)


def broker_options(url: str, *, sentinels: Sentinels, sentinel_password: str) -> dict[str, Any]:
    options: dict[str, Any] = {
        "visibility_timeout": 3_600,  # s; a task that takes longer would be given out twice
        "socket_connect_timeout": 2,
        "socket_timeout": 10,
        "health_check_interval": 30,
    }
    if sentinels:
        options["master_name"] = urlsplit(url).hostname or "mymaster"
        options["sentinel_kwargs"] = {"password": sentinel_password} if sentinel_password else {}
    return options


def channel_settings(
    url: str, *, sentinels: Sentinels, password: str, sentinel_password: str, prefix: str = "pc"
) -> dict[str, Any]:
    if not url:
        return {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    host: str | dict[str, Any] = with_password(url, password)
    if sentinels:
        parts = urlsplit(url)
        host = {"sentinels": sentinels, "master_name": parts.hostname or "mymaster"}
        host |= {"db": int(parts.path.strip("/") or 0)}
        host |= {"password": password} if password else {}
        host |= {"sentinel_kwargs": {"password": sentinel_password}} if sentinel_password else {}
    return {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [host], "prefix": prefix},
    }


def with_password(url: str, password: str) -> str:
    """An address that names a password of its own keeps it."""
    parts = urlsplit(url)
    if not password or parts.password:
        return url
    return urlunsplit(parts._replace(netloc=f":{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}"))


def with_database(url: str, number: int) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))
