"""After a test that commits: tables are empty again.

Django TRUNCATEs every table there is for that, and makes content types and permissions anew. With 130 tables
that is a quarter of a second, after each of hundreds of tests. On PostgreSQL it is enough to empty what was
filled; content types and permissions stay as they are.
"""

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

KEPT = ("django_migrations", "django_content_type", "auth_permission")
_FILLED = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname <> ALL(%s)
AND pg_relation_size(oid) > 0
"""  # a table that never had a row takes no page, and one with a row that is not yet committed takes one

_django_s_way = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # noqa: SLF001


def empty_filled_tables(connection: BaseDatabaseWrapper) -> None:
    """As with TRUNCATE, whoever has a transaction open in one of them is waited for."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(_FILLED, [list(KEPT)])
        names = [connection.ops.quote_name(name) for (name,) in cursor.fetchall()]
        if names:
            # Keys to others are compared at the end: the order is of no matter.
            deletions = "".join(f"; DELETE FROM {name}" for name in names)  # noqa: S608 - quoted names
            cursor.execute(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE{deletions}")


def empty_after_test(case: TransactionTestCase) -> None:
    """In the place of `TransactionTestCase._fixture_teardown`."""
    connection = connections[DEFAULT_DB_ALIAS]
    asks_for_more = case.serialized_rollback or case.reset_sequences or case.available_apps is not None
    if connection.vendor == "postgresql" and case.databases == {DEFAULT_DB_ALIAS} and not asks_for_more:
        empty_filled_tables(connection)
    else:
        _django_s_way(case)
