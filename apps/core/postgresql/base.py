"""Django's PostgreSQL with two habits changed.

No connection is taken from the pool that the server has closed: after a restart of the server each of them
would fail once. Django can ask the server with each taking; here only the socket is looked at, which costs
nothing, and a connection that died without a word is found by its next statement, as ever.

And no record of every statement that nobody reads: with DEBUG, Django formats each with all its values and
keeps the last 9,000 per thread. Whoever asks for the record, as tests that count queries do, still gets it.
"""

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def queries_logged(self) -> bool:
        return bool(self.force_debug_cursor)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        while self.pool and _has_hung_up(connection):
            connection.close()
            self.pool.putconn(connection)  # which replaces it
            connection = super().get_new_connection(conn_params)
        return connection


def _has_hung_up(connection: Any) -> bool:
    """An idle server has nothing to say, except that it ends."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLHUP)
    return bool(poll.poll(0))
