"""Connection pools whose connections tell `OUTAGE` what happens to them, and obey it.

django-redis is given the pool class by name (`redis_options.REDIS_CACHE_OPTIONS`); the kind of
connection, plain, TLS, Unix socket or one found by Sentinel, still follows from the address.
"""

from typing import Any

import redis.exceptions
from redis.connection import (
    AbstractConnection,
    BlockingConnectionPool,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.sentinel import SentinelConnectionPool, SentinelManagedConnection, SentinelManagedSSLConnection

from apps.core.redis.outage import OUTAGE, RedisLeftAlone

_GONE = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)


class _WatchedMixin(AbstractConnection):
    def connect(self) -> None:
        OUTAGE.admit()
        try:
            super().connect()  # type: ignore[no-untyped-call]
        except _GONE as exc:
            _note(exc)
            raise

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:  # noqa: FBT001, FBT002
        OUTAGE.admit()
        try:
            super().send_packed_command(command, check_health=check_health)  # type: ignore[no-untyped-call]
        except _GONE as exc:
            _note(exc)
            raise

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            response = super().read_response(*args, **kwargs)  # type: ignore[no-untyped-call]
        except _GONE as exc:
            _note(exc)
            raise
        except redis.exceptions.ResponseError:
            OUTAGE.note_answer()
            raise
        OUTAGE.note_answer()
        return response


def _note(exc: Exception) -> None:
    if not isinstance(exc, RedisLeftAlone):
        OUTAGE.note_failure(exc)


class WatchedConnection(_WatchedMixin, Connection):
    pass


class WatchedSSLConnection(_WatchedMixin, SSLConnection):
    pass


class WatchedUnixConnection(_WatchedMixin, UnixDomainSocketConnection):
    pass


class WatchedSentinelConnection(_WatchedMixin, SentinelManagedConnection):
    pass


class WatchedSentinelSSLConnection(_WatchedMixin, SentinelManagedSSLConnection):
    pass


_WATCHED: dict[type[Any], type[Any]] = {
    Connection: WatchedConnection,
    SSLConnection: WatchedSSLConnection,
    UnixDomainSocketConnection: WatchedUnixConnection,
    SentinelManagedConnection: WatchedSentinelConnection,
    SentinelManagedSSLConnection: WatchedSentinelSSLConnection,
}


class WatchedPool(BlockingConnectionPool):
    def __init__(self, connection_class: type[Any] = Connection, **kwargs: Any) -> None:
        watched = _WATCHED.get(connection_class, connection_class)
        super().__init__(connection_class=watched, **kwargs)  # type: ignore[no-untyped-call]


class WatchedSentinelPool(SentinelConnectionPool):
    """For `CONNECTION_POOL_CLASS` beside django-redis' `SentinelConnectionFactory`."""

    def __init__(self, service_name: str, sentinel_manager: Any, **kwargs: Any) -> None:
        kwargs.pop("timeout", None)  # of the blocking pool, which this is not
        super().__init__(service_name, sentinel_manager, **kwargs)  # type: ignore[no-untyped-call]
        self.connection_class = _WATCHED.get(self.connection_class, self.connection_class)
