"""Django's PostgreSQL, without a record of every statement that nobody reads.

With DEBUG, Django formats each statement with all its values and keeps the last 9,000 per thread;
whole answers among them, that costs milliseconds per request and hundreds of megabytes. Whoever
asks for the record, as tests that count queries do, still gets it.
"""

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def queries_logged(self) -> bool:
        return bool(self.force_debug_cursor)
