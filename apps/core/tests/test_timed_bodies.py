"""A body that does not come ends its request in time, and leaves threads to everybody else."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import RequestFactory

from apps.core.resilience.clock import SYSTEM_CLOCK, Clock
from apps.core.testing.clock import FakeClock
from apps.core.timed_bodies import TimedBodies

pytestmark = pytest.mark.urls("apps.core.tests.toy_api")

PLANT = b'{"name": "Monstera"}'
LONG_S = 20


class Silent:
    """A client that says nothing until it is told to."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self.is_awaited = threading.Event()

    def read(self, size: int) -> bytes:
        self.is_awaited.set()
        assert self.goes_on.wait(LONG_S)
        return PLANT[:size]


class Trickle:
    """A client that sends so many bytes at once, then one a second; `clock` goes on with it."""

    def __init__(self, clock: FakeClock, *, at_once: int = 0) -> None:
        self._clock = clock
        self._at_once = at_once

    def read(self, size: int) -> bytes:
        quick = min(size, self._at_once)
        self._at_once -= quick
        self._clock.advance(size - quick)
        return b" " * size


@pytest.fixture(autouse=True)
def _without_a_database() -> Iterator[None]:
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


@pytest.fixture
def silent() -> Iterator[Silent]:
    silent = Silent()
    yield silent
    silent.goes_on.set()


class Answer:
    def __init__(
        self,
        application: TimedBodies,
        source: Any,
        path: str = "/api/v1/toy/plants/",
        length: int = len(PLANT),
        kind: str = "application/json",
    ) -> None:
        environ = RequestFactory().generic("POST", path).environ
        environ |= {"wsgi.input": source, "CONTENT_LENGTH": str(length), "CONTENT_TYPE": kind}
        environ["HTTP_COOKIE"] = f"csrftoken={'a' * 32}"  # with one, the CSRF check reads the form
        self.body = b"".join(application(environ, self._start))

    def _start(self, status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        self.status = int(status[:3])
        self.headers = dict(headers)

    @property
    def code(self) -> str:
        assert self.headers["Content-Type"] == "application/problem+json"
        return str(json.loads(self.body)["code"])


def bodies(at_once: int = 4, clock: Clock = SYSTEM_CLOCK) -> TimedBodies:
    return TimedBodies(WSGIHandler(), timeout_s=60, at_once=at_once, clock=clock)


def test_a_body_that_comes_is_read_as_it_is() -> None:
    answer = Answer(bodies(), io.BytesIO(PLANT))

    assert (answer.status, json.loads(answer.body)["name"]) == (201, "Monstera")
    assert "Connection" not in answer.headers


def test_a_form_is_read_in_as_many_pieces_as_it_comes_in() -> None:
    filler = "x" * 300_000
    form = f'--b\r\nContent-Disposition: form-data; name="filler"; filename="f"\r\n\r\n{filler}\r\n'
    form += '--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nMonstera\r\n--b--\r\n'

    answer = Answer(
        bodies(), io.BytesIO(form.encode()), length=len(form), kind="multipart/form-data; boundary=b"
    )

    assert (answer.status, json.loads(answer.body)["name"]) == (201, "Monstera")


def test_a_body_is_read_by_lines_as_well() -> None:
    lines: list[bytes] = []

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        readline = environ["wsgi.input"].readline
        lines.extend([readline(), readline(3), readline(), readline()])
        start("200 OK", [])
        return []

    Answer(TimedBodies(application, timeout_s=60, at_once=1), io.BytesIO(b"one\nthree\n4"), length=11)

    assert lines == [b"one\n", b"thr", b"ee\n", b"4"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/v1/toy/plants/", "application/json"),
        ("/api/v1/toy/plants/", "multipart/form-data; boundary=b"),
        ("/api/v1/toy/form/", "application/x-www-form-urlencoded"),
    ],
)
@pytest.mark.parametrize("at_once", [0, 40])
def test_a_body_that_trickles_is_answered_with_408_in_time(path: str, kind: str, at_once: int) -> None:
    clock = FakeClock()
    began = clock.monotonic()

    answer = Answer(bodies(clock=clock), Trickle(clock, at_once=at_once), path, length=90_000, kind=kind)

    assert (answer.status, answer.code) == (408, "request_timeout")
    assert answer.headers["Connection"] == "close"
    assert clock.monotonic() - began < 2 * 60


def test_a_page_that_waits_in_vain_is_answered_with_a_page() -> None:
    clock = FakeClock()

    answer = Answer(
        bodies(clock=clock), Trickle(clock), "/page/", 90_000, "application/x-www-form-urlencoded"
    )

    assert answer.status == 408
    assert answer.headers["Content-Type"].startswith("text/html")


def test_more_bodies_than_there_are_places_for_are_refused_at_once_and_other_requests_are_not(
    silent: Silent,
) -> None:
    application = bodies(at_once=1)
    waiting = threading.Thread(target=Answer, args=(application, silent))
    waiting.start()
    assert silent.is_awaited.wait(LONG_S)

    refused = Answer(application, io.BytesIO(PLANT))
    without_body = Answer(application, io.BytesIO(), length=0)

    assert (refused.status, refused.code) == (503, "service_unavailable")
    assert refused.headers["Retry-After"] == "5"
    assert without_body.status == 400
    silent.goes_on.set()
    waiting.join(LONG_S)
    assert Answer(application, io.BytesIO(PLANT)).status == 201, "the place was given back"


def test_a_place_is_given_back_by_who_waited_in_vain_and_by_who_did_not_read_to_the_end() -> None:
    clock = FakeClock()
    application = bodies(at_once=1, clock=clock)
    too_much = json.dumps({"name": "x" * 2_000_000}).encode()

    assert Answer(application, Trickle(clock), length=90_000).status == 408
    assert Answer(application, io.BytesIO(too_much), length=len(too_much)).status == 413
    assert Answer(application, io.BytesIO(PLANT), length=len(PLANT) + 1).status == 201  # it hung up
    assert Answer(application, io.BytesIO(PLANT)).status == 201


def test_what_goes_wrong_while_reading_is_the_requests_failure() -> None:
    class Broken:
        def read(self, size: int) -> bytes:
            raise OSError("connection lost")

    answer = Answer(bodies(), Broken())

    assert (answer.status, answer.code) == (400, "parse_error")
