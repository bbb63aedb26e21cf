"""How lists are cut into pages."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, cast

from django.core.exceptions import ValidationError as InvalidValue
from django.db.models import Field, Model, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import BasePagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from apps.core.api.moments import in_utc

PAGE_SIZE = 20
PAGE_SIZE_MAX = 100
CURSOR_MAX_CHARS = 500


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row a page ends at: what it is ordered by, and its id. `backwards` asks for what lies before it."""

    value: str
    id: str
    backwards: bool

    def encode(self) -> str:
        packed = json.dumps([self.value, self.id, int(self.backwards)], separators=(",", ":"))
        return urlsafe_b64encode(packed.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Raises ValueError for anything `encode` has not made."""
        if len(text) > CURSOR_MAX_CHARS:
            raise ValueError("too long")
        try:
            packed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            value, row_id, backwards = json.loads(packed)
        except (binascii.Error, TypeError, RecursionError) as exc:
            raise ValueError("unreadable") from exc
        if not (isinstance(value, str) and isinstance(row_id, str) and backwards in {0, 1}):
            raise ValueError("of another shape")
        return cls(value=value, id=row_id, backwards=bool(backwards))


def _page_size(request: Request, *, usual: int, most: int) -> int:
    raw = request.query_params.get("page_size")
    if raw is None:
        return usual
    if not (raw.isascii() and raw.isdigit() and 1 <= int(raw[:9]) <= most):
        message = _("Choose a number from 1 to %(most)d.") % {"most": most}
        raise ValidationError({"page_size": [message]})
    return int(raw)


class NewestFirstPagination(BasePagination):
    """`next`, `previous`, `results`. Pages stay whole while rows are added.

    A page begins after a row, not after a count of rows, and the id makes the order total: rows
    written in the same instant are neither lost nor repeated where a page ends between them.
    The column named by `ordering`, or by an ordering filter of the view, must not be null.
    """

    page_size: ClassVar[int] = PAGE_SIZE
    max_page_size: ClassVar[int] = PAGE_SIZE_MAX
    ordering: ClassVar[str | Sequence[str]] = "-created_at"

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        self._url = request.build_absolute_uri()
        self._column, descending = self._order(request, queryset, view)
        cursor = _requested_cursor(request)
        backwards = cursor is not None and cursor.backwards
        size = _page_size(request, usual=self.page_size, most=self.max_page_size)
        rows = self._rows(queryset, cursor, descending=descending != backwards)[: size + 1]
        found = list(rows)
        page = found[:size]
        if backwards:
            page.reverse()
        more = len(found) > size
        has_previous = more if backwards else cursor is not None
        self._next = self._link(page[-1:], backwards=False) if more or backwards else None
        self._previous = self._link(page[:1], backwards=True) if has_previous else None
        return page

    def _order(self, request: Request, queryset: QuerySet[Model], view: APIView | None) -> tuple[str, bool]:
        ordering: str | Sequence[str] = self.ordering
        for backend in getattr(view, "filter_backends", ()):
            if hasattr(backend, "get_ordering"):
                ordering = backend().get_ordering(request, queryset, view) or ordering
        first = ordering if isinstance(ordering, str) else ordering[0]
        return first.removeprefix("-"), first.startswith("-")

    def _rows(self, queryset: QuerySet[Model], cursor: Cursor | None, *, descending: bool) -> QuerySet[Model]:
        sign, beyond = ("-", "lt") if descending else ("", "gt")
        queryset = queryset.order_by(f"{sign}{self._column}", f"{sign}pk")
        if cursor is None:
            return queryset
        meta = queryset.model._meta  # noqa: SLF001 - documented API
        try:
            value = cast("Field[Any, Any]", meta.get_field(self._column)).to_python(cursor.value)
            value = in_utc(value) if isinstance(value, datetime) else value
            row_id = meta.pk.to_python(cursor.id)
        except (InvalidValue, ValueError) as exc:
            raise _invalid_cursor() from exc
        # The first condition alone lets the database use the index of the column as a range.
        return queryset.filter(
            Q(**{f"{self._column}__{beyond}e": value}),
            Q(**{f"{self._column}__{beyond}": value}) | Q(**{f"pk__{beyond}": row_id}),
        )

    def _link(self, rows: Sequence[Any], *, backwards: bool) -> str:
        if not rows:  # beyond either end: back to where the list begins
            return remove_query_param(self._url, "cursor")
        value, row_id = _position(rows[0], self._column)
        cursor = Cursor(value=value, id=row_id, backwards=backwards)
        return replace_query_param(self._url, "cursor", cursor.encode())

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._next, "previous": self._previous, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return _page_schema(schema)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where the page begins: taken from `next` or `previous`, never made up.",
                "schema": {"type": "string", "maxLength": CURSOR_MAX_CHARS},
            },
            {
                "name": "page_size",
                "in": "query",
                "required": False,
                "description": "How many results a page has.",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": self.max_page_size,
                    "default": self.page_size,
                },
            },
        ]


class NumberedPagination(PageNumberPagination):
    """`count` besides, for the lists whose clients show page numbers."""

    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = PAGE_SIZE_MAX

    def get_page_size(self, request: Request) -> int:
        return _page_size(request, usual=PAGE_SIZE, most=PAGE_SIZE_MAX)

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view=view)
        except NotFound as exc:  # the list is there; what it has not got is this page
            raise ValidationError({"page": [_("There is no such page.")]}) from exc

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return _page_schema(schema, count={"type": "integer", "minimum": 0})

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        bounds: dict[str, dict[str, Any]] = {
            self.page_query_param: {"minimum": 1, "default": 1},
            self.page_size_query_param: {"minimum": 1, "maximum": PAGE_SIZE_MAX, "default": PAGE_SIZE},
        }
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            parameter["schema"] |= bounds[parameter["name"]]
        return parameters


def _page_schema(results: dict[str, Any], **more: Any) -> dict[str, Any]:
    link = {"type": ["string", "null"], "format": "uri"}
    properties = {**more, "next": link, "previous": link, "results": results}
    return {"type": "object", "required": list(properties), "properties": properties}


def _requested_cursor(request: Request) -> Cursor | None:
    text = request.query_params.get("cursor")
    if not text:
        return None
    try:
        return Cursor.decode(text)
    except ValueError as exc:
        raise _invalid_cursor() from exc


def _invalid_cursor() -> ValidationError:
    return ValidationError({"cursor": [_("This is not a cursor of this list. Begin without one.")]})


def _position(row: Any, column: str) -> tuple[str, str]:
    if isinstance(row, dict):
        return _text(row[column]), str(row.get("pk", row.get("id")))
    return _text(getattr(row, column)), str(row.pk)


def _text(value: Any) -> str:
    return str(value.isoformat() if hasattr(value, "isoformat") else value)
