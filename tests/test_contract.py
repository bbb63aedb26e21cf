"""The judge of all answers in this suite is itself judged; and what it and the fuzzing found stays mended."""

import json
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils.datastructures import CaseInsensitiveMapping
from rest_framework.test import APIClient

from apps.core.api.pagination import Cursor
from apps.core.testing.contract import Answer, Contract, ContractBroken, current_contract
from apps.users.tests.factories import UserFactory

META = "/api/v1/meta/"
HISTORY = "/api/v1/plant-identification/history/"
HEALTH = "/api/v1/plant-identification/identify/health/"
COMMON = {"X-Request-ID": "0123456789abcdef", "API-Version": "v1", "Content-Type": "application/json"}
MOMENTS = ("0261-02-02T19:47:37-18:44", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00")
PROBLEM = {
    "type": "/api/docs/errors/#not_found",
    "title": "Not found",
    "status": 404,
    "detail": "There is nothing at this address.",
    "instance": META,
    "code": "not_found",
    "request_id": "0123456789abcdef",
    "errors": [],
}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return current_contract()


@pytest.fixture
def meta() -> dict[str, Any]:
    body: dict[str, Any] = Client().get(META).json()
    return body


def findings(
    contract: Contract,
    body: Any,
    *,
    method: str = "GET",
    path: str = META,
    status: int = 200,
    without: str = "",
    **more: str,
) -> list[str]:
    headers = {name: value for name, value in COMMON.items() if name != without}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Answer(method, path, status, CaseInsensitiveMapping(headers), content)
    return list(contract.violations(answer))


def test_an_answer_as_described_is_fine(contract: Contract, meta: dict[str, Any]) -> None:
    assert findings(contract, meta) == []


def test_a_field_that_nobody_was_told_of_is_found(contract: Contract, meta: dict[str, Any]) -> None:
    meta["limits"]["photos"]["weight"] = 1
    assert "weight" in findings(contract, meta)[0]


def test_a_missing_field_is_found(contract: Contract, meta: dict[str, Any]) -> None:
    del meta["version"]
    assert "version" in findings(contract, meta)[0]


@pytest.mark.parametrize(
    ("field", "value"), [("version", None), ("versions", [{"version": "v1"}]), ("client", "web")]
)
def test_a_value_of_another_kind_is_found(
    contract: Contract, meta: dict[str, Any], field: str, value: Any
) -> None:
    assert findings(contract, meta | {field: value})


def test_a_moment_that_is_none_is_found(contract: Contract, meta: dict[str, Any]) -> None:
    meta["versions"][0]["sunset_at"] = "tomorrow"
    assert "date-time" in findings(contract, meta)[0]


@pytest.mark.parametrize("name", ["X-Request-ID", "API-Version"])
def test_a_missing_header_is_found(contract: Contract, meta: dict[str, Any], name: str) -> None:
    assert findings(contract, meta, without=name)[0] == f"header {name} is missing"


def test_a_header_that_nobody_was_told_of_is_found(contract: Contract, meta: dict[str, Any]) -> None:
    assert findings(contract, meta, Location="/elsewhere/") == ["header Location is not described"]


def test_a_status_that_nobody_was_told_of_is_found(contract: Contract, meta: dict[str, Any]) -> None:
    assert findings(contract, meta, status=418)[0].startswith("status 418 is not one of 200, ")


def test_another_kind_of_body_is_found(contract: Contract) -> None:
    assert "content type" in findings(contract, b"<html>", Content_Type="text/html")[0]


def test_a_refusal_has_to_say_when_to_come_back(contract: Contract) -> None:
    problem = {"Content_Type": "application/problem+json"}
    path = "/api/v1/auth/token/"
    found = findings(contract, PROBLEM, method="POST", path=path, status=429, **problem)
    needed = {"RateLimit", "RateLimit-Policy", "Retry-After"}
    assert set(found) == {f"header {name} is missing" for name in needed}


def test_an_operation_that_is_not_described_is_found(contract: Contract) -> None:
    assert findings(contract, {}, path="/api/v1/secret/") == ["there is no such operation"]
    assert findings(contract, {}, method="PUT") == ["there is no such operation"]


def test_a_refusal_where_nothing_is_described_is_still_a_problem_document(contract: Contract) -> None:
    problem = {"Content_Type": "application/problem+json"}
    assert findings(contract, PROBLEM, path="/api/v1/secret/", status=404, **problem) == []
    assert findings(contract, {"detail": "No."}, path="/api/v1/secret/", status=404, **problem)
    assert findings(contract, {"detail": "No."}, path="/api/v1/secret/", status=404)


def test_a_deprecated_address_has_to_say_so(contract: Contract, meta: dict[str, Any]) -> None:
    found = findings(contract, meta, path="/api/meta/")
    assert found == [f"header {name} is missing" for name in ("Deprecation", "Sunset", "Link")]


def test_what_is_not_the_api_is_not_judged(contract: Contract) -> None:
    assert findings(contract, b"", path="/cms/", status=302, without="API-Version") == []


def test_a_test_that_gets_such_an_answer_fails(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.core.api.views._versions", lambda: [{"version": "v1"}])
    with pytest.raises(ContractBroken, match='"path" is a required property'):
        client.get(META)


# --- What was found -----------------------------------------------------------------------------------------
@pytest.mark.django_db
@override_settings(DEBUG=True)
def test_an_error_page_replaced_by_a_problem_is_not_called_compressed_any_more(client: Client) -> None:
    answer = client.get("/api/v1/nowhere/", headers={"accept-encoding": "gzip"})
    assert answer.status_code == 404
    assert not answer.has_header("Content-Encoding")
    assert answer.json()["code"] == "not_found"


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/api/v2/pages/", "/api/v2/blog-posts/", "/api/v2/pages/find/"])
def test_content_of_a_site_that_is_not_there_is_not_found(client: Client, address: str) -> None:
    assert client.get(address, {"site": "nowhere.example", "id": "1"}).status_code == 404


@pytest.mark.django_db
def test_a_health_question_that_is_none_is_refused(client: Client) -> None:
    answer = client.get(HEALTH, {"strict": "maybe"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "strict"


@pytest.mark.django_db
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", ["created_after", "created_before", "cursor"])
def test_a_moment_beyond_what_a_database_knows_is_no_failure(
    api_client: APIClient, name: str, moment: str
) -> None:
    api_client.force_authenticate(UserFactory())
    row_id = "b3496f77-b3e9-40b6-80bd-00fc3e51685e"
    value = Cursor(value=moment, id=row_id, backwards=False).encode() if name == "cursor" else moment
    assert api_client.get(HISTORY, {name: value}).status_code in {200, 400}
