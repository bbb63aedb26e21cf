"""What is kept about people, table by table: how a person is told of it, and how it goes.

Each app says so for its own tables when it starts, and so does this one for those of the libraries. A test
walks all models: whatever points at a person, and is not named here, fails it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.core.files.storage import Storage
from django.db.models import Field, Model, Q, QuerySet
from django.db.models.fields.files import FieldFile

from apps.users.models import User

BATCH = 200


@dataclass(frozen=True, slots=True)
class PersonalFile:
    """`name` is what an export calls it."""

    name: str
    storage: Storage
    path: str


def _by_key(user: User) -> Any:
    return user.pk


def _without_files(_row: Any) -> tuple[PersonalFile, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalRows:
    """The rows of one table that are about a person.

    `ties` are the columns that lead to the person, where `value` says what stands in them. An export has
    the columns that are not `hidden`, or only those that are `shown`, or what `describe` makes of a row.
    """

    model: type[Model]
    ties: tuple[str, ...]
    value: Callable[[User], Any] = _by_key
    find: Callable[[User], QuerySet[Any]] | None = None
    """Where no comparison of a column finds them."""
    file: str = ""
    """In the export, without `.json`. Empty for what says nothing to anybody: `untold` says why."""
    untold: str = ""
    hidden: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    describe: Callable[[Any], Mapping[str, Any]] | None = None
    related: tuple[str, ...] = ()
    files: Callable[[Any], tuple[PersonalFile, ...]] = _without_files
    files_go_with_row: bool = False
    erase: Callable[[User], bool] | None = None
    """Where neither of the two ways below will do; as `erase_some`."""
    kept_as: Mapping[str, Any] | None = None
    """None: the rows go with the person. Else they stay, changed to this; empty: with nobody in the tie."""

    def of(self, user: User) -> QuerySet[Any]:
        if self.find is not None:
            return self.find(user)
        value = self.value(user)
        return self._rows().filter(reduce(or_, (Q(**{tie: value}) for tie in self.ties)))

    def _rows(self) -> QuerySet[Any]:
        return self.model._base_manager.all()  # noqa: SLF001 - documented; managers may hide rows

    def tell(self, row: Any) -> Mapping[str, Any]:
        if self.describe is not None:
            return self.describe(row)
        fields = row._meta.concrete_fields  # noqa: SLF001 - documented, for all its name
        names = self.shown or tuple(field.name for field in fields if field.name not in self.hidden)
        return {field.name: _plain(field, row) for field in fields if field.name in names}

    def erase_some(self, user: User) -> bool:
        """A bite of bounded size. True where nothing is left to do. Safe to repeat."""
        if self.erase is not None:
            return self.erase(user)
        if self.kept_as is not None:
            self._let_go(user)
            return True
        rows = list(self.of(user).order_by("pk")[:BATCH])
        if self.files_go_with_row:
            for file in (file for row in rows for file in self.files(row)):
                file.storage.delete(file.path)
        self._rows().filter(pk__in=[row.pk for row in rows]).delete()
        return len(rows) < BATCH

    def _let_go(self, user: User) -> None:
        for tie in self.ties:
            changes = self.kept_as or {tie: None}
            self._rows().filter(**{tie: self.value(user)}).update(**changes)


_registered: list[PersonalRows] = []


def register_personal_data(*tables: PersonalRows) -> None:
    """Called once by each app, when it starts."""
    _registered.extend(tables)


def personal_data() -> tuple[PersonalRows, ...]:
    """Of the lower apps first."""
    return tuple(_registered)


def in_batches(rows: QuerySet[Any], size: int = BATCH) -> Iterator[Any]:
    """All rows, a few at a time in memory, without a transaction that stays open."""
    ordered, last = rows.order_by("pk"), None
    while True:
        batch = list((ordered if last is None else ordered.filter(pk__gt=last))[:size])
        yield from batch
        if len(batch) < size:
            return
        last = batch[-1].pk


def _plain(column: "Field[Any, Any]", row: Any) -> Any:
    value = column.value_from_object(row)
    return value.name if isinstance(value, FieldFile) else value
