"""Django's PostgreSQL with three habits changed.

No connection is taken from the pool that the server has closed: after a restart of the server each of them
would fail once. Django can ask the server with each taking; here only the socket is looked at, which costs
nothing, and a connection that died without a word is found by its next statement, as ever.

While the server cannot be reached, one caller at a time waits for it, and the others are told at once: else
every thread would soon stand in the pool's queue, and what needs no database would find none free.

And no record of every statement that nobody reads: with DEBUG, Django formats each with all its values and
keeps the last 9,000 per thread. Whoever asks for the record, as tests that count queries do, still gets it.
"""

import select
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db.backends.postgresql import base

from apps.core.outage import Outage


class DatabaseLeftAlone(psycopg.OperationalError):
    """Refused without asking: the server could not be reached a moment ago."""


class _Watch:
    """What is known of the server behind one pool."""

    def __init__(self) -> None:
        self.outage = Outage(
            "PostgreSQL",
            memo_s=2.0,
            left_alone=DatabaseLeftAlone,
            meanwhile="refusing at once what needs it",
            events=("postgresql_unavailable", "postgresql_back"),
        )
        self._errors = 0

    def note_failure(self, failure: Exception, pool: Any) -> None:
        errors = pool.get_stats().get("connections_errors", 0)
        # Else all connections are in use, and the server is there.
        if errors > self._errors:
            self._errors = errors
            self.outage.note_failure(failure)


_watches: WeakKeyDictionary[Any, _Watch] = WeakKeyDictionary()


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def queries_logged(self) -> bool:
        return bool(self.force_debug_cursor)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if not self.pool:
            return super().get_new_connection(conn_params)
        watch = _watches.get(self.pool) or _watches.setdefault(self.pool, _Watch())
        watch.outage.admit()
        try:
            connection = self._take_living(conn_params)
        except psycopg.OperationalError as failure:
            watch.note_failure(failure, self.pool)
            raise
        watch.outage.note_answer()
        return connection

    def _take_living(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        while _has_hung_up(connection):
            connection.close()
            self.pool.putconn(connection)  # which replaces it
            connection = super().get_new_connection(conn_params)
        return connection


def _has_hung_up(connection: Any) -> bool:
    """An idle server has nothing to say, except that it ends."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLHUP)
    return bool(poll.poll(0))
