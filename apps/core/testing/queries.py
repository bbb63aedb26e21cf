"""How many queries a request may cost, however much data there is."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

_NOT_COUNTED = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


@contextmanager
def query_budget(at_most: int) -> Iterator[CaptureQueriesContext]:
    """Fails with the list of queries when the block needs more. Savepoints, which tests add, do not count."""
    with CaptureQueriesContext(connection) as captured:
        yield captured
    queries = [query["sql"] for query in captured.captured_queries]
    counted = [sql for sql in queries if not sql.startswith(_NOT_COUNTED)]
    listed = "\n".join(f"{number}. {sql[:300]}" for number, sql in enumerate(counted, start=1))
    assert len(counted) <= at_most, f"{len(counted)} queries, {at_most} allowed:\n{listed}"
