import json
import logging
import queue
import sys
import threading
from typing import Any

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from django.http import HttpResponse
from django.test import Client

from apps.core.http.redaction import REDACTED
from apps.core.logging.celery import connect_request_ids
from apps.core.logging.context import enter_request, get_request_id, leave_request
from apps.core.logging.formatters import JsonFormatter, ReadableFormatter
from apps.core.logging.middleware import RequestIdMiddleware

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


def record(
    message: str = "something happened", *args: Any, exc_info: Any = None, **extra: Any
) -> logging.LogRecord:
    made = logging.LogRecord("apps.toy", logging.INFO, "toy.py", 1, message, args, exc_info)
    vars(made).update(extra)
    return made


def as_json(*args: Any, **kwargs: Any) -> dict[str, Any]:
    line = JsonFormatter().format(record(*args, **kwargs))
    assert "\n" not in line
    return json.loads(line)


def test_a_caller_s_request_id_comes_back_and_is_in_the_log(client: Client) -> None:
    assert (
        client.get("/livez", headers={"X-Request-ID": "mobile-7f3a.42"})["X-Request-ID"] == "mobile-7f3a.42"
    )


@pytest.mark.parametrize(
    "offered", ["", "short", "x" * 65, "with space here", "a\tb-------", "<script>alert()", "ä" * 10]
)
def test_an_id_that_could_do_harm_is_replaced(client: Client, offered: str) -> None:
    answered = client.get("/livez", headers={"X-Request-ID": offered})["X-Request-ID"]
    assert answered != offered
    assert len(answered) == 32


def test_the_id_holds_for_the_request_and_not_beyond(rf: Any) -> None:
    seen = []

    def view(request: Any) -> HttpResponse:
        seen.append(get_request_id())
        return HttpResponse()

    RequestIdMiddleware(view)(rf.get("/", headers={"X-Request-ID": "one-request"}))
    assert seen == ["one-request"]
    assert get_request_id() == ""


def test_two_requests_at_once_keep_their_ids_apart(rf: Any) -> None:
    together = threading.Barrier(2, timeout=10)
    seen: dict[str, str] = {}

    def view(request: Any) -> HttpResponse:
        together.wait()
        seen[request.headers["X-Request-ID"]] = get_request_id()
        return HttpResponse()

    middleware = RequestIdMiddleware(view)
    names = ("request-one", "request-two")
    threads = [
        threading.Thread(target=middleware, args=(rf.get("/", headers={"X-Request-ID": name}),))
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert seen == {name: name for name in names}


def test_a_line_carries_its_request_its_event_and_its_facts() -> None:
    token = enter_request("request-42")
    try:
        line = as_json("took %s", "long", event="identify_done", latency_ms=12.5, providers=["plant_id"])
    finally:
        leave_request(token)
    assert line["message"] == "took long"
    assert line["request_id"] == "request-42"
    assert line["event"] == "identify_done"
    assert line["latency_ms"] == 12.5
    assert line["providers"] == ["plant_id"]
    assert line["level"] == "INFO"
    assert line["logger"] == "apps.toy"
    assert line["timestamp"].endswith("+00:00")


def test_django_s_line_after_the_request_still_names_it(rf: Any) -> None:
    request = rf.get("/")
    RequestIdMiddleware(lambda _: HttpResponse())(request)
    assert len(as_json("Not Found", request=request, status_code=404)["request_id"]) == 32


@pytest.mark.parametrize(
    "secret",
    [
        "https://my-api.plantnet.org/v2/identify/all?api-key=2b10abcdef&lang=en",
        f"token {JWT} refused",
        "Authorization: Bearer abcdefgh12345678",
        "redis://:hunter2hunter2@10.0.0.1:6379/0",
        "mail to some.body+tag@mail.example.org failed",
        "postgres://user:hunter2hunter2@db/plants",
    ],
)
@pytest.mark.parametrize("formatter", [JsonFormatter(), ReadableFormatter()])
def test_no_key_token_or_address_reaches_a_log(formatter: logging.Formatter, secret: str) -> None:
    exc_info = (ValueError, ValueError(secret), None)
    facts = {"url": secret, "nested": {"deep": [secret]}}
    line = formatter.format(record("bad: %s", secret, exc_info=exc_info, **facts))
    for hidden in ("2b10abcdef", JWT, "abcdefgh12345678", "hunter2hunter2", "some.body"):
        assert hidden not in line


@pytest.mark.parametrize(
    "name",
    ["password", "new_password", "access_token", "api_key", "Authorization", "cookie", "email", "SECRET_KEY"],
)
def test_a_field_named_for_a_secret_is_never_told(name: str) -> None:
    assert as_json(**{name: "plain words"})[name] == REDACTED
    assert as_json(data={name: ["plain", "words"]})["data"][name] == REDACTED


def test_the_server_s_own_secrets_are_known_and_removed(settings: Any) -> None:
    assert settings.SECRET_KEY not in JsonFormatter().format(record(f"oops {settings.SECRET_KEY}"))
    assert settings.JWT_SECRET_KEY not in JsonFormatter().format(record(f"oops {settings.JWT_SECRET_KEY}"))


def test_a_line_is_bounded_whatever_it_carries() -> None:
    wide: Any = "leaf" * 100
    for _ in range(8):
        wide = [wide] * 100
    line = JsonFormatter().format(record("x" * 100_000, many=list(range(10_000)), wide=wide))
    assert len(line) < 20_000


def test_a_value_too_large_for_a_line_is_cut() -> None:
    told = as_json(replies=[["word " * 100] * 20] * 20)["replies"]
    assert isinstance(told, str)
    assert len(told) < 9_000


def test_a_long_traceback_keeps_its_end() -> None:
    def sink(depth: int) -> None:
        if depth:
            sink(depth - 1)
        raise ValueError("the reason")

    try:
        sink(300)
    except ValueError:
        assert "the reason" in as_json(exc_info=sys.exc_info())["exception"][-40:]


def test_what_cannot_be_json_is_told_as_text() -> None:
    assert as_json(thing=object())["thing"].startswith("<object")


def test_a_person_reads_one_short_line() -> None:
    line = ReadableFormatter().format(record("ready", event="started", port=8000))
    assert line.endswith("INFO    ready  event=started port=8000")


def test_a_task_works_under_the_id_of_the_request_that_sent_it() -> None:
    connect_request_ids()
    app = Celery("toy", broker="memory://localhost/", set_as_current=False)
    app.conf.worker_hijack_root_logger = False
    seen: queue.Queue[str] = queue.Queue()

    @app.task(name="toy.look", ignore_result=True)
    def look() -> None:
        seen.put(get_request_id())

    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=20):
        token = enter_request("request-of-web")
        try:
            look.delay()
        finally:
            leave_request(token)
        assert seen.get(timeout=20) == "request-of-web"


def test_a_task_of_nobody_has_an_id_of_its_own() -> None:
    connect_request_ids()
    app = Celery("toy", broker="memory://", set_as_current=False)
    seen: list[str] = []

    @app.task(name="toy.alone")
    def alone() -> None:
        seen.append(get_request_id())

    alone.apply()
    alone.apply()
    assert len(set(seen)) == 2
    assert all(len(one) == 32 for one in seen)
