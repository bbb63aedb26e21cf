import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from apps.core.api.pagination import Cursor, NewestFirstPagination
from apps.core.testing.queries import query_budget

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class NewestSessions(NewestFirstPagination):
    """Sessions are the smallest model with a time and a key that says nothing about it."""

    ordering = "-expire_date"


def make(key: str, at: datetime = NOON) -> Session:
    return Session.objects.create(session_key=key, session_data="", expire_date=at)


def page(url: str, view: Any = None) -> dict[str, Any]:
    paginator = NewestSessions()
    request = Request(APIRequestFactory().get(url))
    rows = paginator.paginate_queryset(Session.objects.all(), request, view)
    return paginator.get_paginated_response([row.pk for row in rows]).data


def walk(url: str, direction: str = "next", between: Callable[[int], None] = lambda _: None) -> list[str]:
    seen: list[str] = []
    for number in range(100):
        found = page(url)
        seen += found["results"] if direction == "next" else found["results"][::-1]
        if found[direction] is None:
            return seen
        url = found[direction]
        between(number)
    raise AssertionError("the list does not end")


@pytest.mark.django_db
def test_rows_of_one_instant_are_neither_lost_nor_repeated() -> None:
    keys = [make(f"{number:02}").pk for number in range(23)]
    make("late", NOON + timedelta(seconds=1))
    make("early", NOON - timedelta(seconds=1))
    expected = ["late", *sorted(keys, reverse=True), "early"]
    for size in (1, 2, 5, 24, 25, 26):
        assert walk(f"/?page_size={size}") == expected


@pytest.mark.django_db
def test_the_way_back_shows_the_same_pages() -> None:
    for number in range(7):
        make(f"{number}", NOON + timedelta(microseconds=number // 3))
    forward = page("/?page_size=3")
    second = page(forward["next"])
    third = page(second["next"])
    assert third["next"] is None
    assert page(third["previous"])["results"] == second["results"]
    first = page(page(third["previous"])["previous"])
    assert first["results"] == forward["results"]
    assert first["previous"] is None
    assert page(first["next"])["results"] == second["results"]


@pytest.mark.django_db
def test_rows_that_come_while_somebody_reads_move_nothing() -> None:
    keys = [make(f"{number}", NOON + timedelta(seconds=number)).pk for number in range(6)]
    seen = walk(
        "/?page_size=2", between=lambda number: make(f"new{number}", NOON + timedelta(days=1)) and None
    )
    assert seen == keys[::-1]


@pytest.mark.django_db
def test_a_page_that_lost_its_last_row_still_has_a_successor() -> None:
    for number in range(4):
        make(f"{number}", NOON + timedelta(seconds=number))
    following = page("/?page_size=2")["next"]
    Session.objects.get(pk="2").delete()
    assert page(following)["results"] == ["1", "0"]


@pytest.mark.django_db
def test_an_empty_list_has_one_empty_page() -> None:
    assert page("/") == {"next": None, "previous": None, "results": []}


@pytest.mark.django_db
def test_going_back_beyond_the_beginning_leads_to_the_beginning() -> None:
    make("only")
    cursor = Cursor(value=NOON.isoformat(), id="only", backwards=True)
    found = page(f"/?cursor={cursor.encode()}&page_size=2")
    assert found["results"] == []
    assert found["previous"] is None
    assert page(found["next"])["results"] == ["only"]


@pytest.mark.django_db
@pytest.mark.parametrize("size", ["0", "101", "-1", "x", "1.5", "", "٣", "9" * 400])
def test_a_page_size_out_of_bounds_is_refused(size: str) -> None:
    with pytest.raises(ValidationError) as refused:
        page(f"/?page_size={size}")
    assert "from 1 to 100" in str(refused.value.detail["page_size"][0])


@pytest.mark.django_db
def test_a_page_costs_one_query_and_reads_one_row_too_many() -> None:
    for number in range(5):
        make(f"{number}")
    with query_budget(1) as captured:
        page("/?page_size=2")
    assert "LIMIT 3" in captured.captured_queries[0]["sql"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "AAAA",
        "%00",
        "é",
        Cursor(value="yesterday", id="x", backwards=False).encode(),
        Cursor(value="2026-13-45T00:00:00+00:00", id="x", backwards=False).encode(),
        "W10",
        "WzEsMiwzXQ",
        "W" * 501,
    ],
)
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(ValidationError):
        page(f"/?cursor={cursor}")


@pytest.mark.django_db
@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=80))
def test_no_cursor_whatever_it_is_breaks_a_list(text: str) -> None:
    paginator = NewestSessions()
    request = Request(APIRequestFactory().get("/", {"cursor": text}))
    with contextlib.suppress(ValidationError):
        paginator.paginate_queryset(Session.objects.all(), request)


@pytest.mark.django_db
def test_an_ordering_the_view_offers_is_followed() -> None:
    class View:
        filter_backends = [OrderingFilter]
        ordering_fields = ["session_key"]

    for key in "bca":
        make(key)
    first = page("/?ordering=session_key&page_size=2", View())
    assert first["results"] == ["a", "b"]
    assert page(first["next"], View())["results"] == ["c"]
