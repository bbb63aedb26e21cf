"""How many statements the database is sent, and how long they take."""

import time
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from apps.core.metrics.definitions import counter, histogram

VERBS = ("select", "insert", "update", "delete")
OTHER = "other"
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0)

DURATION = histogram(
    "database_query_duration_seconds", "Statements by what they do.", ["operation"], buckets=_BUCKETS
)
ERRORS = counter("database_errors_total", "Statements that failed.")
_by_verb = {verb: DURATION.labels(verb) for verb in (*VERBS, OTHER)}


def watch_statements(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """For Django's `connection_created`, which comes with each new connection of a wrapper."""
    if _timed not in connection.execute_wrappers:
        connection.execute_wrappers.append(_timed)


def _timed(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
    began = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    except Exception:
        ERRORS.inc()
        raise
    finally:
        verb = sql.lstrip()[:6].lower() if isinstance(sql, str) else OTHER
        _by_verb.get(verb, _by_verb[OTHER]).observe(time.perf_counter() - began)
