"""What lists and searches cost the database: how many queries, how long, and whether one reads a whole table.

Runs inside Django (`benchmarks.probes`), through the API's own views, so that filters, pages and serializers
ask what they ask in life.
"""

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.test import Client

from apps.users.public import User
from benchmarks.clients import headers
from benchmarks.filling import SEED, user_id

API = "/api/v1/plant-identification"
PEOPLE = 100
PEOPLE_AT_LEAST = 10
EAGER_SHARE = 0.02
LARGE_TABLE_ROWS = 10_000
PAGED = {"/history/", "/requests/", "/plants/", "/species/"}
PAGE_SIZES = (1, 20, 100)


@dataclass
class Asked:
    """The statements of one request and their seconds."""

    statements: list[tuple[str, Any]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds.append(time.perf_counter() - began)
            self.statements.append((str(sql), params))


@contextmanager
def _asked() -> Iterator[Asked]:
    asked = Asked()
    with connection.execute_wrapper(asked):
        yield asked


class _Reader:
    """Sends one kind of request after the other, as different people."""

    def __init__(self) -> None:
        self._rng = random.Random(SEED)
        self._client = Client(headers={name: value for name, value in headers().items() if name != "Host"})
        self._client.defaults["SERVER_NAME"] = headers()["Host"]
        self._people = [_token(number) for number in self._some_people()]

    def _some_people(self) -> list[int]:
        """Of those with the most rows: theirs are the longest lists. The first has a few percent of all."""
        eager = max(PEOPLE_AT_LEAST, int(User.objects.count() * EAGER_SHARE))
        return sorted({0, *(self._rng.randrange(eager) for _ in range(PEOPLE))})

    def read(self, path: str, *, person: int | None = None) -> dict[str, Any]:
        token = self._people[person] if person is not None else self._rng.choice(self._people)
        response = self._client.get(f"{API}{path}", headers={"Authorization": f"Bearer {token}"})
        assert response.status_code == 200, f"{path}: {response.status_code} {response.content!r}"
        answer: dict[str, Any] = json.loads(response.content)
        return answer

    def pick(self, choices: list[Any]) -> Any:
        return self._rng.choice(choices)


def _token(number: int) -> str:
    from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

    refresh: AccessToken = RefreshToken.for_user(User.objects.get(pk=user_id(number))).access_token
    return str(refresh)


def _query(path: str, **parameters: Any) -> str:
    return f"{path}?{urlencode(parameters)}"


def _kinds(reader: _Reader) -> dict[str, Callable[[], str]]:
    """Kind of request -> the next address of it."""
    species = reader.read("/species/?page_size=100")["results"]
    names = [one["canonical_name"] if "canonical_name" in one else one["scientific_name"] for one in species]
    details = [reader.read(f"/species/{one['id']}/") for one in species[:20]]
    families = [one["family"] for one in details if one["family"]]
    genera = [name.split()[0] for name in names]
    deep = _far_down(reader, "/history/")
    deep_species = _far_down(reader, "/species/")

    def typo(name: str) -> str:
        return f"{name[:4]}{name[5:]}"

    return {
        "history": lambda: "/history/",
        "history, far down": lambda: f"/history/?{deep}",
        "history, oldest first": lambda: "/history/?ordering=created_at",
        "history of a month": lambda: _query("/history/", created_before="2026-03-01T00:00:00Z"),
        "history, partial ones": lambda: "/history/?status=partial",
        "history, stale ones (none)": lambda: "/history/?status=stale",
        "identifications": lambda: "/requests/",
        "plants": lambda: "/plants/",
        "species": lambda: "/species/",
        "species, far down": lambda: f"/species/?{deep_species}",
        "species by name": lambda: "/species/?ordering=name",
        "species of a family": lambda: _query("/species/", family=reader.pick(families)),
        "species of a genus by name": lambda: _query("/species/", genus=reader.pick(genera), ordering="name"),
        "one species": lambda: f"/species/{reader.pick(species)['id']}/",
        "search, exact": lambda: _query("/search/species/", q=reader.pick(names)),
        "search, beginning": lambda: _query("/search/species/", q=reader.pick(names)[:4]),
        "search, words": lambda: _query(
            "/search/species/", q=f"lily {reader.pick(['red', 'river', 'blue'])}"
        ),
        "search, misspelt": lambda: _query("/search/species/", q=typo(reader.pick(names))),
    }


def _far_down(reader: _Reader, path: str) -> str:
    """Where the list of the most eager person goes on after some pages."""
    address = f"{path}?page_size=100"
    for _ in range(10):
        following = reader.read(address, person=0)["next"]
        if following is None:
            break
        address = f"{path}?{following.partition('?')[2]}"
    return address.partition("?")[2].replace("page_size=100", "page_size=20")


def measure_lists(count: int) -> dict[str, Any]:
    """Kind -> queries per request, seconds of its slowest query and of all, tables read from end to end."""
    reader = _Reader()
    told = {}
    for kind, address in _kinds(reader).items():
        reader.read(address())
        runs = [_measure(reader, address()) for _ in range(count)]
        told[kind] = {
            "queries": sorted({len(run.seconds) for run in runs} | _other_sizes(reader, address())),
            "slowest_s": [max(run.seconds) for run in runs],
            "together_s": [sum(run.seconds) for run in runs],
            "whole_tables": sorted({table for sql in _distinct(runs) for table in _whole_tables(*sql)}),
        }
    return told


def _measure(reader: _Reader, address: str, person: int | None = None) -> Asked:
    with _asked() as asked:
        reader.read(address, person=person)
    return asked


def _other_sizes(reader: _Reader, address: str) -> set[int]:
    """How many queries the person with the most rows needs for pages of other sizes."""
    if address.partition("?")[0] not in PAGED or "page_size" in address:
        return set()
    joined = "&" if "?" in address else "?"
    return {
        len(_measure(reader, f"{address}{joined}page_size={size}", person=0).seconds) for size in PAGE_SIZES
    }


def _distinct(runs: list[Asked]) -> list[tuple[str, Any]]:
    """One of each statement, with the parameters of the last run that had it."""
    return list({sql: (sql, params) for run in runs for sql, params in run.statements}.values())


def _whole_tables(sql: str, params: Any) -> Iterator[str]:
    """Large tables that the statement's plan reads from end to end."""
    if not sql.lstrip().upper().startswith("SELECT"):
        return
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        (plans,) = cursor.fetchone()
        yield from _sequential(cursor, plans[0]["Plan"])


def _sequential(cursor: Any, plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [plan["Relation Name"]])
        if cursor.fetchone()[0] > LARGE_TABLE_ROWS:
            yield plan["Relation Name"]
    for below in plan.get("Plans", ()):
        yield from _sequential(cursor, below)
