"""Headers that lie: about the host, the address, the method, the origin, or about where they end."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client

from apps.core.outbox import outbox
from apps.users.tests.factories import PASSWORD, UserFactory

META = "/api/v1/meta/"
REGISTER = "/api/v1/auth/register/"
OURS = "https://app.example.org"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")
LIES = {
    "X-Forwarded-Host": "evil.example",
    "X-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Original-URL": "/evil.example/",
    "X-Rewrite-URL": "/evil.example/",
    "X-Forwarded-Prefix": "/evil.example",
    "X-Forwarded-Scheme": "evil.example",
    "X-Forwarded-Proto": "https",
    "Forwarded": "host=evil.example;proto=https",
    "X-HTTP-Method-Override": "DELETE",
    "X-Method-Override": "DELETE",
    "X-HTTP-Method": "DELETE",
}
BREAKS = [
    "\r\nX-Evil: 1",
    "\nX-Evil: 1",
    "\rX-Evil: 1",
    "\x0bX-Evil",
    "\u2028X-Evil",
    "\x85X-Evil",
    "\x1b[2JX-Evil",
    "\0",
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def anybody() -> Client:
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


# --- The host -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "testserver.evil.example",
        "testserver@evil.example",
        "testserver:80@evil.example",
        "evil.example#testserver",
        "testserver:evil",
        "testserver/evil",
        "testserver\\evil",
        "testserver, evil.example",
        "*",
        "[::1",
        "e" * 5_000,
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/anything/", "/", "/admin/login/"])
def test_a_host_that_is_not_ours_gets_no_answer(anybody: Client, host: str, path: str) -> None:
    assert anybody.get(path, HTTP_HOST=host).status_code == 400


@pytest.mark.parametrize("verification", ["mandatory", "optional"])
def test_links_in_mails_lead_to_our_address_whatever_the_request_says(
    anybody: Client,
    settings: Any,
    mailoutbox: list[Any],
    django_capture_on_commit_callbacks: Callable[..., Any],
    verification: str,
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    settings.SITE_URL = "https://plants.example.org"
    settings.ALLOWED_HOSTS = ["*"]
    csrf = anybody.get("/api/v1/auth/csrf/").json()["csrf_token"]
    account = {"email": "iris@example.org", "password": "moss-and-lichen-42"}
    with django_capture_on_commit_callbacks(execute=True):
        said = anybody.post(
            REGISTER,
            account,
            content_type="application/json",
            HTTP_HOST="evil.example",
            headers={**LIES, "X-CSRFToken": csrf, "Referer": "https://evil.example/"},
        )
    outbox.submit(lambda: None).result(timeout=10)  # one thread: what came before is done
    assert said.status_code in {201, 202}
    assert "https://plants.example.org/" in mailoutbox[0].body
    assert "evil" not in mailoutbox[0].body


@pytest.mark.parametrize("path", [META, "/", "/blog/", "/api/v2/pages/", "/api/docs/", "/ops/", "/nowhere"])
def test_no_header_changes_an_answer_that_a_cache_could_give_to_others(client: Client, path: str) -> None:
    honest, lied_to = client.get(path), client.get(path, headers=LIES)
    assert lied_to.status_code == honest.status_code
    assert lied_to.get("Location") == honest.get("Location")
    assert "evil" not in lied_to.content.decode(errors="replace") + str(lied_to.headers)


def test_a_method_is_what_the_request_says_and_no_header_or_field(anybody: Client) -> None:
    person = UserFactory()
    anybody.force_login(person)
    for path in (META, "/api/v1/auth/user/", "/api/v1/users/collections/"):
        honest = anybody.get(path, {"_method": "DELETE"}, headers=LIES)
        assert honest.status_code in {200, 401}
    said = anybody.post(
        META, {"_method": "GET", "_HttpMethod": "GET"}, headers={"X-HTTP-Method-Override": "GET"}
    )
    assert said.status_code == 405


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "TRACK", "DEBUG", "PROPFIND", "QUERY", "GET "])
@pytest.mark.parametrize("path", [META, "/", "/admin/login/", "/ops/", "/livez", "/metrics"])
def test_a_method_nobody_needs_is_refused(anybody: Client, method: str, path: str) -> None:
    said = anybody.generic(method, path, headers={"Authorization": "Bearer secret-of-somebody"})
    assert said.status_code in {302, 403, 404, 405}
    assert b"secret-of-somebody" not in said.content


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP"])
def test_nobody_gets_a_new_limit_by_a_header(anybody: Client, settings: Any, header: str) -> None:
    settings.SIGN_IN_RATE = 3
    answers = [
        anybody.post(
            "/api/v1/auth/token/",
            {"login": f"nobody{number}", "password": "x"},
            content_type="application/json",
            headers={header: f"10.0.0.{number}"},
        ).status_code
        for number in range(5)
    ]
    assert answers == [401, 401, 429, 429, 429] or answers == [401, 401, 401, 429, 429]


# --- Where a header ends ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["X-Request-ID", "User-Agent", "Origin", "Accept-Language", "X-Client-Version"]
)
@pytest.mark.parametrize("end", BREAKS, ids=repr)
def test_no_header_of_a_request_splits_one_of_the_answer(anybody: Client, name: str, end: str) -> None:
    for path in (META, "/api/meta/", "/", "/api/v1/auth/user/", "/nowhere/"):
        require_whole(anybody.get(path, headers={name: f"good-enough{end}"}))


@pytest.mark.parametrize(
    "end", ["%0d%0aX-Evil:%201", "%0aX-Evil", "%E2%80%A8X-Evil", "%00", "%1b%5b2J", "%5cr%5cn"]
)
@pytest.mark.parametrize(
    "path",
    [
        "/api/meta/?a={}",
        "/api/v1/meta/{}/",
        "/{}",
        "/{}/",
        "/blog/{}",
        "/ops/?a={}",
        "/admin/{}",
        "/cms/{}",
        "/documents/1/{}",
    ],
)
def test_no_address_splits_a_header_of_the_answer(anybody: Client, path: str, end: str) -> None:
    require_whole(anybody.get(path.format(end)))


def require_whole(response: Any) -> None:
    assert response.status_code < 500
    for name, value in response.items():
        assert not set(value) & set("\r\n\x0b\x85\u2028\x1b\0"), (name, value)
    assert not response.has_header("X-Evil")


# --- Origins ------------------------------------------------------------------------------------------------
@pytest.fixture
def cors(settings: Any) -> Iterator[None]:
    settings.CORS_ALLOWED_ORIGINS = [OURS]
    return


def preflight(client: Client, origin: str, method: str, path: str = META) -> Any:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return client.options(path, headers={**asked, "Access-Control-Request-Headers": "x-csrftoken"})


@pytest.mark.usefixtures("cors")
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "*",
        "file://",
        "https://evil.example",
        f"{OURS}.evil.example",
        "https://evil-app.example.org",
        "https://evil.app.example.org",
        "https://example.org",
        "https://appXexample.org",
        "http://app.example.org",
        f"{OURS}:8443",
        f"{OURS}@evil.example",
        "https://evil.example#app.example.org",
        "https://evil.example/app.example.org",
        "https://app.example.org%2eevil.example",
        "https://\u0430pp.example.org",
        "https://[",
        f"{OURS} {OURS}",
        f"{OURS}, https://evil.example",
    ],
)
def test_a_strange_origin_may_read_nothing(anybody: Client, origin: str) -> None:
    answers = [preflight(anybody, origin, method) for method in METHODS]
    answers += [
        anybody.get(path, headers={"Origin": origin}) for path in (META, "/api/v1/auth/user/", "/api/v1/no/")
    ]
    for answer in answers:
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
        assert "origin" in answer["Vary"].lower()


@pytest.mark.usefixtures("cors")
@pytest.mark.parametrize("method", METHODS)
def test_a_listed_origin_is_told_so_exactly_and_with_credentials(anybody: Client, method: str) -> None:
    answer = preflight(anybody, OURS, method)
    assert answer["Access-Control-Allow-Origin"] == OURS
    assert answer["Access-Control-Allow-Credentials"] == "true"
    allowed = {name.strip() for name in answer["Access-Control-Allow-Methods"].split(",")}
    assert allowed == {"DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"}
    assert "*" not in answer["Access-Control-Allow-Headers"]


@pytest.mark.usefixtures("cors")
@pytest.mark.parametrize(
    "path", ["/", "/ops/", "/admin/login/", "/cms/login/", "/static/identify/page.js", "/livez"]
)
def test_pages_are_no_other_origin_s_business(anybody: Client, path: str) -> None:
    for answer in (preflight(anybody, OURS, "POST", path), anybody.get(path, headers={"Origin": OURS})):
        assert "Access-Control-Allow-Origin" not in answer


def test_no_pattern_lets_origins_in() -> None:
    assert not getattr(configured, "CORS_ALLOWED_ORIGIN_REGEXES", [])
    assert not getattr(configured, "CORS_ALLOW_ALL_ORIGINS", False)


# --- What every answer carries ------------------------------------------------------------------------------
EVERY_KIND = {
    "an answer": (META, 200),
    "a description": ("/api/schema/", 200),
    "a page": ("/", 200),
    "an editors' page": ("/cms/login/", 200),
    "a redirect": ("/ops/", 302),
    "a problem": ("/api/v1/nowhere/", 404),
    "a refusal": ("/api/v1/auth/user/", 401),
    "an error page": ("/nowhere/", 404),
    "no document": ("/documents/9/x.pdf", 404),
    "content": ("/api/v2/pages/", 200),
    "a probe": ("/livez", 200),
    "the metrics": ("/metrics", 200),
}


OWN = (
    "/api/v1/auth/user/",
    "/api/v1/users/collections/",
    "/api/v1/plant-identification/plants/",
    "/api/v1/plant-identification/requests/",
    "/api/v1/plant-identification/history/",
)


@pytest.mark.parametrize(("path", "status"), EVERY_KIND.values(), ids=list(EVERY_KIND))
def test_every_kind_of_answer_is_taken_for_what_it_says_it_is(client: Client, path: str, status: int) -> None:
    answer = client.get(path, secure=True)
    assert answer.status_code == status
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("path", [META, "/"])
def test_an_answer_without_a_body_carries_them_too(client: Client, path: str) -> None:
    etag = client.get(path)["ETag"]
    unchanged = client.get(path, headers={"If-None-Match": etag})
    assert unchanged.status_code == 304
    assert unchanged["X-Content-Type-Options"] == "nosniff"
    assert "Content-Security-Policy" not in unchanged, "the page that is kept has its own"


def test_https_is_remembered_for_a_year_by_who_came_with_it(client: Client, settings: Any) -> None:
    settings.MIDDLEWARE = list(settings.MIDDLEWARE)
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    for path in (META, "/", "/livez", "/nowhere/"):
        said = Client().get(path, secure=True)["Strict-Transport-Security"]
        assert said == "max-age=31536000; includeSubDomains; preload"
    assert "Strict-Transport-Security" not in client.get(META)


def test_nothing_but_a_photo_is_shown_on_pages_of_others(client: Client) -> None:
    for path in (META, "/", "/api/v1/nowhere/"):
        assert client.get(path)["Cross-Origin-Resource-Policy"] == "same-origin"


def test_what_is_somebody_s_own_is_kept_by_no_shared_cache(client: Client) -> None:
    person = UserFactory()
    body = {"login": person.username, "password": PASSWORD}
    token = client.post("/api/v1/auth/token/", body, content_type="application/json").json()["access"]
    for path in OWN:
        by_header = Client().get(path, headers={"Authorization": f"Bearer {token}"})
        by_cookie = Client(headers={"Cookie": f"access_token={token}"}).get(path)
        for answer in (by_header, by_cookie):
            assert answer.status_code == 200
            assert {"private", "no-store"} & set(answer["Cache-Control"].replace(" ", "").split(","))
    assert "private" not in Client().get(META).get("Cache-Control", "")
