import logging
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from rest_framework.settings import api_settings

from apps.core.api.clients import client_version
from apps.core.api.paths import classify

toy = pytest.mark.urls("apps.core.tests.toy_api")


def test_the_same_view_has_a_versioned_and_a_legacy_address() -> None:
    assert reverse("v1:plant-identification:identify") == "/api/v1/plant-identification/identify/"
    assert reverse("plant-identification:identify") == "/api/plant-identification/identify/"
    assert reverse("v1:auth:login") == "/api/v1/auth/login/"
    assert reverse("auth:login") == "/api/auth/login/"


@toy
@pytest.mark.parametrize("path", ["/api/v1/toy/plants/", "/api/toy/plants/"])
def test_every_request_has_version_1_and_links_to_version_1(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.json()["version"] == "v1"
    assert answer["API-Version"] == "v1"
    assert answer.json()["links"]["self"].endswith("/api/v1/toy/plants/")


@toy
def test_a_third_version_is_one_changed_serializer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_settings, "ALLOWED_VERSIONS", ["v1", "v3"])
    answer = client.post("/api/v3/toy/plants/", {"name": "Monstera"}, content_type="application/json")
    assert answer.json() == {"name": "Monstera", "nickname": ""}
    assert answer["API-Version"] == "v3"
    answer = client.get("/api/v3/toy/plants/")
    assert answer.json()["version"] == "v3"
    assert answer.json()["links"]["self"].endswith("/api/v3/toy/plants/")
    answer = client.post("/api/v1/toy/plants/", {"name": "Monstera"}, content_type="application/json")
    assert answer.json() == {"name": "Monstera"}
    assert reverse("v3:toy:private") == "/api/v3/toy/private/"


@toy
def test_a_version_that_is_not_offered_is_not_there(client: Client) -> None:
    answer = client.get("/api/v3/toy/plants/")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def assert_deprecated(answer: Any, successor: str) -> None:
    assert answer["Deprecation"] == "@1793491200"
    assert parsedate_to_datetime(answer["Sunset"]).isoformat() == "2027-11-01T00:00:00+00:00"
    assert f'<{successor}>; rel="successor-version"' in answer["Link"]


@toy
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "plants/", 200),
        ("get", "fail/bug/", 500),
        ("get", "fail/missing/", 404),
        ("get", "nothing/", 404),
        ("get", "throttled/", 429),
        ("delete", "plants/", 405),
        ("options", "plants/", 200),
    ],
)
def test_every_legacy_answer_names_its_end_and_its_successor(method: str, path: str, status: int) -> None:
    client = Client(raise_request_exception=False)
    answer = getattr(client, method)(f"/api/toy/{path}")
    assert answer.status_code == status
    assert_deprecated(answer, f"/api/v1/toy/{path}")
    versioned = getattr(client, method)(f"/api/v1/toy/{path}")
    assert not {"Deprecation", "Sunset", "Link"} & set(versioned.headers)


@toy
def test_the_successor_keeps_the_question(client: Client) -> None:
    answer = client.get("/api/toy/plants/?page=2&q=a%20b")
    assert_deprecated(answer, "/api/v1/toy/plants/?page=2&q=a%20b")


@toy
def test_an_address_cannot_write_headers_of_its_own(client: Client) -> None:
    answer = client.get('/api/toy/%0d%0aSet-Cookie:x=1/%3E;%20rel="next"/', raise_request_exception=False)
    assert "\n" not in answer["Link"]
    assert answer["Link"].count("<") == answer["Link"].count(">") == 1
    assert not answer.cookies


@toy
@pytest.mark.parametrize("path", ["/api/toy/plants/", "/api/nothing/"])
def test_after_removal_a_legacy_address_only_says_where_to_go(client: Client, path: str) -> None:
    with override_settings(LEGACY_API_REMOVED=True):
        answer = client.get(path)
        assert answer.status_code == 410
        assert answer.json()["code"] == "gone"
        assert_deprecated(answer, path.replace("/api/", "/api/v1/"))
        assert client.get("/api/v1/toy/plants/").status_code == 200


@pytest.mark.parametrize("path", ["/api/schema/", "/api/docs/", "/api/redoc/", "/api/docs/errors/"])
def test_the_documentation_belongs_to_no_version_and_is_never_deprecated(client: Client, path: str) -> None:
    with override_settings(LEGACY_API_REMOVED=True):
        answer = client.get(path)
    assert answer.status_code == 200
    assert "Deprecation" not in answer
    assert answer["API-Version"] == "v1"


@pytest.mark.django_db
def test_the_content_api_is_version_2_and_needs_no_sign_in(client: Client) -> None:
    answer = client.get("/api/v2/pages/")
    assert answer.status_code == 200
    assert answer["API-Version"] == "v2"
    assert "total_count" in answer.json()["meta"]
    assert "Deprecation" not in answer
    assert '"content";r=' in answer["RateLimit"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("pages/999999/", 404, "not_found"),
        ("pages/?nonsense=1", 400, "parse_error"),
        ("nothing/", 404, "not_found"),
    ],
)
def test_the_content_api_answers_mistakes_with_problem_documents(
    client: Client, path: str, status: int, code: str
) -> None:
    answer = client.get(f"/api/v2/{path}")
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert answer["API-Version"] == "v2"


def test_pages_outside_the_api_carry_no_version(client: Client) -> None:
    assert "API-Version" not in client.get("/livez")


@pytest.mark.parametrize(
    ("path", "version", "successor"),
    [
        ("/api/v1/x/", "v1", None),
        ("/api/v2/pages/", "v2", None),
        ("/api/v9", "v9", None),
        ("/api/", "v1", "/api/v1/"),
        ("/api/vault/", "v1", "/api/v1/vault/"),
        ("/api/v1x/", "v1", "/api/v1/v1x/"),
        ("/api/schema", "v1", None),
        ("/api/schemas/", "v1", "/api/v1/schemas/"),
        ("/api/security/csp-report/", "v1", None),
    ],
)
def test_a_path_tells_what_it_belongs_to(path: str, version: str, successor: str | None) -> None:
    found = classify(path)
    assert found is not None
    assert (found.version, found.successor) == (version, successor)


@pytest.mark.parametrize("path", ["/", "/apiary/", "/cms/", "/api"])
def test_other_paths_are_not_the_api(path: str) -> None:
    assert classify(path) is None


@toy
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("1.9.9", 403),
        ("android/1.9", 403),
        ("0", 403),
        ("2.0.0", 200),
        ("2", 200),
        ("ios/2.0.1", 200),
        ("10.0.0", 200),
        ("2.0.0-beta+7", 200),
        ("nonsense", 200),
        ("", 200),
        ("9" * 5_000, 200),
    ],
)
def test_only_clients_known_to_be_too_old_are_sent_to_update(client: Client, sent: str, status: int) -> None:
    with override_settings(MIN_CLIENT_VERSION="2.0.0", CLIENT_UPDATE_URL="https://plants.example/update"):
        answer = client.get("/api/v1/toy/plants/", headers={"X-Client-Version": sent})
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "client_too_old"
        assert "https://plants.example/update" in answer.json()["detail"]
        assert answer["Link"] == '<https://plants.example/update>; rel="latest-version"'


@toy
@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("android/3.1", "android"),
        ("web/1", "web"),
        ("evil-name-7/1.0", "other"),
        ("3.1", "other"),
        ("", "other"),
    ],
)
def test_legacy_use_is_told_per_known_client(
    client: Client, caplog: pytest.LogCaptureFixture, sent: str, name: str
) -> None:
    with caplog.at_level(logging.INFO):
        client.get("/api/toy/plants/", headers={"X-Client-Version": sent})
    used = [record for record in caplog.records if getattr(record, "event", "") == "legacy_api_request"]
    assert [getattr(record, "client", None) for record in used] == [name]


def test_a_client_s_name_comes_from_a_closed_list(rf: Any) -> None:
    request = rf.get("/", headers={"X-Client-Version": "ANDROID/2.4.1"})
    assert client_version(request).name == "android"
    assert client_version(request).number == (2, 4, 1)
