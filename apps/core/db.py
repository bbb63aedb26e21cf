"""Giving the database connection back before a long wait."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def release_connection() -> None:
    """Return this thread's connection to the pool; the next query takes one again.

    Inside a transaction nothing happens: whoever opened it still needs the connection.
    """
    if not connection.in_atomic_block:
        connection.close()


@contextmanager
def short_connection() -> Iterator[None]:
    """For threads that outlive requests: nothing stays open after the block."""
    try:
        yield
    finally:
        release_connection()
