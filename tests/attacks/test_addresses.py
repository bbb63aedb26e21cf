"""Addresses that lead elsewhere: away from the site, or out of a folder."""

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.test import Client

from apps.users.tests.factories import PASSWORD, UserFactory

AWAY = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,evil",
    "//testserver@evil.example/",
    "https://testserver.evil.example/",
    " https://evil.example/",
    "\x08//evil.example/",
    "/%0d%0aLocation:https://evil.example/",
]
OUT = [
    "/static/../manage.py",
    "/static/%2e%2e/manage.py",
    "/static/..%2f..%2fmanage.py",
    "/static/%2e%2e%2f%2e%2e%2fmanage.py",
    "/static/....//manage.py",
    "/static/..%5c..%5cmanage.py",
    "/static//etc/passwd",
    "/static/%2fetc%2fpasswd",
    "/static/identify/..%2f..%2f..%2fmanage.py",
    "/static/%00/manage.py",
    "/media/../manage.py",
    "/media/private/aa/photo.jpg",
    "/documents/1/..%2f..%2f..%2fetc%2fpasswd",
    "/documents/1/%2e%2e/%2e%2e/manage.py",
    "/api/docs/../../manage.py",
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper() -> Any:
    return UserFactory(is_staff=True, is_superuser=True)


def leads_to(response: Any) -> str:
    """Where a browser ends up, if not here: it takes backslashes for slashes, and leaves tabs out."""
    location = "".join(letter for letter in response["Location"] if letter > " ").replace("\\", "/")
    parts = urlsplit(location)
    return parts.netloc or ("" if parts.scheme in {"", "http", "https"} else location)


@pytest.mark.parametrize("address", AWAY, ids=repr)
@pytest.mark.parametrize("path", ["/admin/login/", "/cms/login/"])
def test_signing_in_leads_nowhere_but_here(keeper: Any, path: str, address: str) -> None:
    client = Client()
    form = {"username": keeper.username, "password": PASSWORD, "next": address}
    response = client.post(path, form, query_params={"next": address})
    assert response.status_code == 302, response.content
    assert leads_to(response) == ""
    again = client.get(path, {"next": address})
    assert again.status_code == 302
    assert leads_to(again) == ""


@pytest.mark.parametrize("address", AWAY, ids=repr)
def test_signing_out_leads_nowhere_but_here(keeper: Any, address: str) -> None:
    for path in ("/admin/logout/", "/cms/logout/"):
        client = Client()
        client.force_login(keeper)
        response = client.post(path, {"next": address}, query_params={"next": address})
        assert response.status_code == 200 or leads_to(response) == ""


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "//evil.example/..", "/%5cevil.example", "/%2fevil.example", "//evil.example/%2e%2e"],
)
@pytest.mark.parametrize("query", ["", "next=//evil.example/"])
def test_a_missing_slash_is_added_here_and_not_elsewhere(client: Client, path: str, query: str) -> None:
    response = client.get("/", PATH_INFO=unquote(path), QUERY_STRING=query)
    assert response.status_code in {301, 302, 400, 404}
    if response.status_code < 400:
        assert leads_to(response) == ""


@pytest.mark.parametrize("path", ["/i18n/setlang/", "/jsi18n/", "/set_language/", "/api/v1/i18n/setlang/"])
def test_nobody_s_language_is_switched_by_an_address(client: Client, path: str) -> None:
    assert client.post(path, {"language": "de", "next": "//evil.example/"}).status_code == 404


@pytest.mark.parametrize("path", ["/ops/", "/cms/", "/cms/pages/", "/admin/", "/admin/users/user/"])
def test_who_has_to_sign_in_first_comes_back_here(client: Client, path: str) -> None:
    response = client.get(path, QUERY_STRING="next=//evil.example/&x=%0d%0aX-Evil:1")
    assert response.status_code == 302
    assert leads_to(response) == ""


@pytest.mark.parametrize("path", OUT)
def test_no_file_beside_those_that_are_served_is_reached(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code in {301, 302, 400, 404}
    content = b"".join(response.streaming_content) if response.streaming else response.content
    assert b"DJANGO_SETTINGS_MODULE" not in content
    assert b"root:" not in content
