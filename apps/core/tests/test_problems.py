import json
import logging
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.core.api.problems import ERRORS_PAGE, PROBLEM_CONTENT_TYPE
from apps.core.codes import ErrorCode
from apps.core.tests.toy_api import SECRET

pytestmark = pytest.mark.urls("apps.core.tests.toy_api")

FIELDS = {"type", "title", "status", "detail", "instance", "code", "request_id", "errors"}


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def problem_of(response: Any) -> dict[str, Any]:
    assert response["Content-Type"] == PROBLEM_CONTENT_TYPE
    problem = response.json()
    assert set(problem) == FIELDS
    assert problem["status"] == response.status_code
    assert problem["code"] in set(ErrorCode)
    assert problem["type"] == f"{ERRORS_PAGE}#{problem['code']}"
    assert problem["request_id"] == response["X-Request-ID"]
    assert problem["detail"][0].isupper()
    assert problem["detail"].endswith((".", "!", "?"))
    return problem


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        ("missing", 404, "not_found"),
        ("forbidden", 403, "permission_denied"),
        ("django-forbidden", 403, "permission_denied"),
        ("domain", 413, "image_too_large"),
        ("later", 503, "busy"),
        ("model", 400, "invalid"),
        ("too-big", 413, "request_too_large"),
        ("bad", 400, "parse_error"),
        ("database", 503, "service_unavailable"),
        ("own-code", 403, "client_too_old"),
        ("token", 401, "authentication_failed"),
        ("bug", 500, "internal_error"),
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_every_failure_is_a_problem_document(
    client: Client, settings: Any, failure: str, status: int, code: str, debug: bool
) -> None:
    settings.DEBUG = debug
    response = client.get(f"/api/v1/toy/fail/{failure}/")
    problem = problem_of(response)
    assert (response.status_code, problem["code"]) == (status, code)
    assert problem["instance"] == f"/api/v1/toy/fail/{failure}/"
    assert SECRET not in response.content.decode()


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/nowhere/", 404, "not_found"),
        ("/api/nowhere/", 404, "not_found"),
        ("/api/v1/toy/plain-failure/", 500, "internal_error"),
        ("/api/v1/toy/plain-forbidden/", 403, "permission_denied"),
    ],
)
def test_django_s_own_errors_are_problem_documents_below_api(
    client: Client, settings: Any, path: str, status: int, code: str, debug: bool
) -> None:
    settings.DEBUG = debug
    response = client.get(path)
    assert response.status_code == status
    assert problem_of(response)["code"] == code


@pytest.mark.parametrize(("path", "status"), [("/nowhere/", 404), ("/page-failure/", 500)])
@pytest.mark.django_db  # a page that is not there may have a redirect
def test_pages_for_people_stay_pages(client: Client, path: str, status: int) -> None:
    response = client.get(path, headers={"X-Request-ID": "a-request-of-mine"})
    assert response.status_code == status
    assert response["Content-Type"].startswith("text/html")
    assert "a-request-of-mine" in response.content.decode()
    assert SECRET not in response.content.decode()


def test_what_a_model_says_about_itself_stays_inside(client: Client) -> None:
    assert "Plant matches" not in client.get("/api/v1/toy/fail/missing/").json()["detail"]


def test_a_domain_error_tells_its_fields_and_its_words(client: Client) -> None:
    problem = problem_of(client.get("/api/v1/toy/fail/domain/"))
    assert problem["detail"] == "The photo is 12 MB, and 10 MB is the limit."
    assert problem["errors"] == [{"field": "image", "code": "image_too_large", "message": "At most 10 MB."}]


def test_retry_after_is_never_too_early(client: Client) -> None:
    assert client.get("/api/v1/toy/fail/later/")["Retry-After"] == "2"


def test_throttling_says_exactly_when_it_is_over(client: Client) -> None:
    response = client.get("/api/v1/toy/throttled/")
    assert response.status_code == 429
    assert response["Retry-After"] == "42"
    detail = "Request was throttled. Expected available in 42 seconds."
    assert problem_of(response)["detail"] == detail


@pytest.mark.parametrize("path", ["/api/v1/toy/private/", "/api/v1/toy/nameless/"])
@pytest.mark.django_db
def test_who_is_not_signed_in_gets_401_and_is_told_how_to(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert problem_of(response)["code"] == "not_authenticated"


def test_nested_fields_are_named_by_their_place(client: Client) -> None:
    body = {"name": "much too long a name", "leaves": [{"width": 1}, {"width": "wide"}]}
    response = client.post("/api/v1/toy/plants/", body, content_type="application/json")
    problem = problem_of(response)
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [
        ("name", "max_length"),
        ("leaves.1.width", "invalid"),
    ]
    assert problem["detail"] == "Please correct these: Name, Leaves.1.width."


def test_one_wrong_field_is_told_in_the_sentence(client: Client) -> None:
    response = client.post("/api/v1/toy/plants/", {}, content_type="application/json")
    assert problem_of(response)["detail"] == "Name: This field is required."


def test_a_message_about_the_whole_request_has_no_field(client: Client) -> None:
    response = client.post("/api/v1/toy/plants/", {"name": "weed"}, content_type="application/json")
    problem = problem_of(response)
    assert problem["errors"] == [{"field": "", "code": "weed", "message": "No weeds, please."}]
    assert problem["detail"] == "No weeds, please."


def test_a_flood_of_wrong_items_gets_a_bounded_answer(client: Client) -> None:
    body = {"name": "x", "leaves": [{"width": "wide"}] * 5_000}
    response = client.post("/api/v1/toy/plants/", body, content_type="application/json")
    assert len(problem_of(response)["errors"]) == 50


@pytest.mark.parametrize(
    ("method", "content_type", "body", "status", "code"),
    [
        ("post", "application/json", "{not json", 400, "parse_error"),
        ("post", "application/json", '"\ud83d', 400, "parse_error"),
        ("post", "multipart/form-data; boundary=x", "no boundary here", 400, None),
        ("post", "multipart/form-data", "no boundary at all", 400, "parse_error"),
        ("post", "application/xml", "<a/>", 415, "unsupported_media_type"),
        ("delete", "application/json", "", 405, "method_not_allowed"),
    ],
)
def test_what_cannot_be_read_is_the_client_s_mistake(
    client: Client, method: str, content_type: str, body: str, status: int, code: str | None
) -> None:
    response = getattr(client, method)(
        "/api/v1/toy/plants/", body.encode("utf-8", "surrogatepass"), content_type=content_type
    )
    assert response.status_code == status
    assert code in {None, problem_of(response)["code"]}


def test_a_method_that_is_not_taken_is_answered_with_those_that_are(client: Client) -> None:
    assert "POST" in client.delete("/api/v1/toy/plants/")["Allow"]


def test_a_body_beyond_the_limit_is_too_large(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = client.post(
        "/api/v1/toy/plants/", json.dumps({"name": "x" * 200}), content_type="application/json"
    )
    assert response.status_code == 413
    assert problem_of(response)["code"] == "request_too_large"


def test_more_files_than_allowed_are_too_large(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    files = [SimpleUploadedFile(f"{number}.txt", b"x") for number in range(3)]
    response = client.post("/api/v1/toy/plants/", {"name": "x", "files": files})
    assert response.status_code == 413


def test_an_accept_header_nobody_can_meet_gets_json_anyway(client: Client) -> None:
    response = client.get("/api/v1/toy/plants/", headers={"Accept": "application/xml"})
    assert response.status_code == 406
    assert problem_of(response)["code"] == "not_acceptable"


def test_a_missing_csrf_token_is_named_below_api_and_is_a_page_elsewhere() -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/api/v1/toy/form/")
    assert response.status_code == 403
    assert problem_of(response)["code"] == "csrf_failed"
    assert strict.post("/page/")["Content-Type"].startswith("text/html")


def test_a_host_nobody_knows_is_refused_without_a_page(client: Client) -> None:
    response = client.get("/api/v1/toy/plants/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert problem_of(response)["code"] == "parse_error"


def test_an_unknown_exception_of_drf_keeps_its_status(client: Client) -> None:
    assert client.get("/api/v1/toy/fail/teapot/").status_code == 418


@pytest.mark.parametrize("debug", [False, True])
def test_a_bug_is_logged_once_with_its_traceback(
    client: Client, settings: Any, caplog: pytest.LogCaptureFixture, debug: bool
) -> None:
    settings.DEBUG = debug
    with caplog.at_level(logging.INFO):
        client.get("/api/v1/toy/fail/bug/")
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert errors[0].exc_info is not None
    assert isinstance(errors[0].exc_info[1], RuntimeError)


def test_a_lost_database_is_logged_once(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        response = client.get("/api/v1/toy/fail/database/")
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [getattr(record, "event", None) for record in errors] == ["database_unavailable"]
    assert response["Retry-After"] == "5"


def test_a_bug_still_stops_a_test_that_did_not_expect_it() -> None:
    with pytest.raises(RuntimeError):
        Client().get("/api/v1/toy/fail/bug/")


@pytest.mark.django_db
def test_an_error_answer_commits_nothing(settings: Any, django_user_model: Any) -> None:
    from django.db import connection, transaction

    from apps.core.api.problems import problem_exception_handler
    from apps.core.exceptions import DomainError

    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        from rest_framework.request import Request
        from rest_framework.test import APIRequestFactory

        request = Request(APIRequestFactory().get("/api/v1/x/"))
        with transaction.atomic():
            problem_exception_handler(DomainError(), {"request": request})
            assert connection.needs_rollback
            transaction.set_rollback(False)
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False
