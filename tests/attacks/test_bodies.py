"""Bodies that no client of ours sends: none of them costs much, ends in a traceback or means two things."""

import gzip
import io
import json
import time
from collections.abc import Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from rest_framework.test import APIClient

from apps.users.tests.factories import UserFactory
from plant_community_backend.wsgi import application

TOKEN = "/api/v1/auth/token/"
PROFILE = "/api/v1/auth/user/update/"
PLANTS = "/api/v1/plant-identification/plants/"
MEGABYTE = 1_000_000

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Any:
    return UserFactory()


@pytest.fixture
def api(person: Any) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(person)
    return client


def post(body: bytes | str, content_type: str = "application/json", **extra: Any) -> Any:
    return Client(raise_request_exception=False).post(TOKEN, body, content_type=content_type, **extra)


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("depth", [33, 900, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_refused(depth: int, opening: str, closing: str) -> None:
    assert code_of(post(opening * depth + "1" + closing * depth)) == (400, "parse_error")
    assert code_of(post(opening * depth)) == (400, "parse_error")


def test_what_is_nested_as_much_as_anything_of_ours_is_read() -> None:
    assert code_of(post('{"login": ' + "[" * 8 + "]" * 8 + "}")) == (400, "invalid")


@pytest.mark.parametrize(
    "body",
    [
        '{"login": "a", "login": "b", "password": "x"}',
        '{"login": "a", "password": "x", "extra": {"a": 1, "a": 2}}',
        '{"login": "a", "l\\u006fgin": "b", "password": "x"}',
    ],
)
def test_a_name_that_stands_twice_is_refused(body: str) -> None:
    response = post(body)
    assert code_of(response) == (400, "parse_error")
    assert "twice" in response.json()["detail"]


@pytest.mark.parametrize(
    "number",
    ["NaN", "Infinity", "-Infinity", "1e999", "-1e400", "9" * 5_000, "9" * 19, "0x10", "1_000", "01"],
)
def test_numbers_that_json_or_a_database_does_not_know_are_refused(number: str) -> None:
    assert code_of(post(f'{{"login": {number}, "password": "x"}}')) == (400, "parse_error")


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe{}",
        b'{"login": "\xe4"}',
        '{"login": "ä"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"\x00",
        b"null x",
    ],
)
def test_what_is_not_utf_8_is_refused(body: bytes) -> None:
    assert code_of(post(body)) == (400, "parse_error")


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "a\\u0000b", "\\udfff\\ud800"])
@pytest.mark.parametrize("field", ["nickname", "notes", "location", "scientific_name"])
def test_text_that_a_database_cannot_hold_is_the_client_s_mistake(
    api: APIClient, text: str, field: str
) -> None:
    response = api.post(PLANTS, f'{{"{field}": "{text}"}}', content_type="application/json")
    assert code_of(response) == (400, "invalid")


@pytest.mark.parametrize(
    "body", ["[]", "7", '"words"', "null", "true", "[[]]", '{"login": {}}', '{"login": [1], "password": {}}']
)
def test_another_kind_of_value_than_asked_for_is_the_client_s_mistake(body: str) -> None:
    assert code_of(post(body)) in {(400, "invalid"), (400, "parse_error")}


@pytest.fixture
def _connection_stays() -> Iterator[None]:
    """A server gives it back after each request; here it holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


CHARSETS = ("punycode", "idna", "zlib", "hex", "bz2", "utf-7", "utf-16", "rot13", "unicode_escape", "latin-1")


def ask(method: str, path: str, query: str, body: bytes, content_type: str) -> tuple[int, bytes]:
    """As a server does. The test client makes requests of Django's own kind, a step too late here."""
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    environ |= {
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    setup_testing_defaults(environ)
    environ["HTTP_HOST"] = "testserver"
    said: list[str] = []
    answer = application(environ, lambda status, _headers, *_rest: said.append(status))
    return int(said[0].split()[0]), b"".join(answer)


@pytest.mark.usefixtures("_connection_stays")
@pytest.mark.parametrize("charset", CHARSETS)
def test_a_charset_of_the_client_s_choice_changes_nothing_and_costs_nothing(charset: str) -> None:
    person = {"login": "nobody", "password": "a-" + "é" * 100}
    body = json.dumps(person, ensure_ascii=False) + " " * 200_000
    began = time.process_time()
    for claim in ("", f"; charset={charset}", f'; CharSet="{charset}"'):
        status, said = ask("POST", TOKEN, "", body.encode(), f"application/json{claim}")
        assert (status, json.loads(said)["code"]) == (401, "authentication_failed")
    assert time.process_time() - began < 1


@pytest.mark.usefixtures("_connection_stays")
@pytest.mark.parametrize("charset", CHARSETS)
def test_a_charset_breaks_neither_a_question_nor_a_form(charset: str) -> None:
    kind = f"multipart/form-data; boundary=b; charset={charset}"
    form = b'--b\r\nContent-Disposition: form-data; name="username"\r\n\r\na-b\r\n--b--\r\n'
    search = "/api/v1/plant-identification/search/species/"
    assert ask("GET", search, "q=%C3%A4-x", b"", kind)[0] == 200
    assert ask("GET", "/", "a=%ff", b"", kind)[0] == 200
    assert ask("POST", "/admin/login/", "a=1", form, kind)[0] == 403, "without a CSRF token"
    assert ask("POST", TOKEN, "a=1", form, kind)[0] == 415


def test_a_compressed_body_is_not_unpacked() -> None:
    bomb = gzip.compress(b'{"login": "' + b"a" * (20 * MEGABYTE) + b'"}')
    began = time.process_time()
    assert code_of(post(bomb, headers={"Content-Encoding": "gzip"})) == (400, "parse_error")
    assert time.process_time() - began < 0.5


def test_more_than_a_megabyte_of_json_is_refused_wherever_it_is_sent(api: APIClient) -> None:
    body = json.dumps({"nickname": "x" * MEGABYTE})
    for path, method in ((TOKEN, api.post), (PROFILE, api.patch), (PLANTS, api.post)):
        assert code_of(method(path, body, content_type="application/json")) == (413, "request_too_large")


def test_a_million_names_are_read_in_reasonable_time() -> None:
    body = "{" + ",".join(f'"{number}":0' for number in range(70_000)) + "}"
    began = time.process_time()
    assert code_of(post(body)) == (400, "invalid")
    assert time.process_time() - began < 1
