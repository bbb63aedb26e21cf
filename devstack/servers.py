"""Throw-away servers for tests that stop, kill or freeze one.

Each has `.url`, `.stop()`, `.kill()`, `.start()` (again, on the same port), `.pause()` and `.resume()`, and
is gone when the block ends, in whatever state it was.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devstack.postgres import SURVIVES_KILL, PostgresServer
from devstack.redis import RedisServer


@contextmanager
def redis_server(directory: Path, port: int = 0) -> Iterator[RedisServer]:
    """A running Redis without persistence."""
    server = RedisServer(directory, port=port)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def postgres_server(
    directory: Path, port: int = 0, *, origin: Path | None = None
) -> Iterator[PostgresServer]:
    """A running PostgreSQL whose owner may create more databases than the one; its data goes with it.

    That one is empty, or with `origin` (see `devstack.migrated`) what lies there.
    """
    server = PostgresServer(directory, port=port, settings=SURVIVES_KILL, origin=origin)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        server.remove()
