"""Giving the database connection back before a long wait, and the rows that every request reads or writes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import AutoField, Field, Model

M = TypeVar("M", bound=Model)


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


def read_row(model: type[M], statement: str, values: Sequence[Any]) -> M | None:
    """The first row that `statement` selects, for a hot path: `objects.raw()` without building a query.

    In the statement `{columns}` stands for the model's columns, of a table or alias named `row`. The values
    are as the database takes them.
    """
    names, columns, converters = _selection(model, connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(statement.format(columns=columns), values)
        found = cursor.fetchone()
    if found is None:
        return None
    row = list(found)
    for place, column, convert in converters:
        row[place] = convert(row[place], column, connection)
    return model.from_db(connection.alias, names, row)


@cache
def _selection(
    model: type[Model],
    vendor: str,  # noqa: ARG001
) -> tuple[list[str], str, list[tuple[int, Any, Any]]]:
    """The fields' names, their columns, and what makes Python's values of the database's: place by place."""
    fields = model._meta.concrete_fields  # noqa: SLF001 - documented, for all its name
    quote = connection.ops.quote_name
    converters = []
    for place, field in enumerate(fields):
        column = field.get_col(model._meta.db_table)  # noqa: SLF001
        known = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
        converters += [(place, column, convert) for convert in known]
    names = [field.attname for field in fields]
    return names, ", ".join(f"row.{quote(field.column)}" for field in fields if field.column), converters


def insert_rows(rows: Sequence[Model]) -> None:
    """`bulk_create` of rows of one model for a hot path: neither signals nor generated keys.

    Django builds each INSERT anew, which takes several times what the database does; here the statement
    is built once for a model.

    Raises:
        IntegrityError
    """
    if not rows:
        return
    fields, head, places = _insertion(type(rows[0]), connection.vendor)
    values = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection) for row in rows for field in fields
    ]
    with transaction.mark_for_rollback_on_error(connection.alias), connection.cursor() as cursor:
        cursor.execute(head + ", ".join([places] * len(rows)), values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001 - as `save` leaves it


@cache
def _insertion(model: type[Model], vendor: str) -> tuple[list["Field[Any, Any]"], str, str]:  # noqa: ARG001
    """Of the rows: their fields, the statement without its values, and the places for those of one row."""
    meta, quote = model._meta, connection.ops.quote_name  # noqa: SLF001 - documented, for all its name
    fields = [field for field in meta.local_concrete_fields if not isinstance(field, AutoField)]
    columns = ", ".join(quote(field.column) for field in fields if field.column)
    head = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES "  # noqa: S608 - names of our own tables
    return fields, head, f"({', '.join(['%s'] * len(fields))})"
