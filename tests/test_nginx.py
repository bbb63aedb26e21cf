"""Our nginx.conf, run by a real nginx before a server with production settings, while somebody attacks it."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from apps.plant_identification.tests.conftest import make_photo
from devstack.check import production_environment
from tests.fleet import IDENTIFY, ROOMY, Server, collect_static
from tests.nginx import BODY_TIMEOUT_S, HOST, NGINX, EchoingUpstream, Nginx, Stranger, Trickle, wait_until

pytestmark = [
    pytest.mark.skipif(not NGINX, reason="nginx is not installed"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="binds to addresses only Linux has"),
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]

CALM_S = 10.0  # for a whole identification, on a machine with other things to do


@pytest.fixture(scope="module")
def server(product, tmp_path_factory) -> Iterator[Server]:
    """As docker-compose.yml starts it, on the servers of the other tests."""
    production = production_environment(
        database_url=product.env["DATABASE_URL"], redis_url=product.env["REDIS_URL"]
    )
    secrets = (
        "SECRET_KEY",
        "JWT_SECRET_KEY",
        "DJANGO_SETTINGS_MODULE",
        "ALLOWED_HOSTS",
        "SITE_URL",
        "EMAIL_URL",
    )
    env = {**product.env, **{name: production[name] for name in secrets}, "TRUSTED_PROXY_COUNT": "1"}
    directory = tmp_path_factory.mktemp("web")
    env |= {**ROOMY, "CONTENT_RATE": "1000", "STATIC_ROOT": str(directory / "static")}
    collect_static(env)
    server = Server(env=env, log=directory / "web.log")
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def upstream() -> Iterator[EchoingUpstream]:
    upstream = EchoingUpstream()
    yield upstream
    upstream.close()


@pytest.fixture(scope="module")
def nginx(server, upstream, tmp_path_factory) -> Iterator[Nginx]:
    with Nginx(tmp_path_factory.mktemp("nginx"), web=server.port, ws=upstream.port) as nginx:
        yield nginx


@pytest.fixture(scope="module")
def token(product, server) -> str:
    product.reset()
    return type(product)(**{**vars(product), "env": server.env}).new_token()


@pytest.fixture
def stranger(nginx):
    """Opens connections that are closed in the end."""
    with ExitStack() as open_ones:
        yield lambda address="127.0.0.1": open_ones.enter_context(Stranger(nginx, address))


@pytest.fixture
def get(nginx):
    def get(path, **headers):
        return requests.get(
            nginx.url + path,
            headers={"Host": HOST, **headers},
            timeout=20,
            verify=False,
        )

    return get


def identify(nginx: Nginx, token: str, photo: bytes) -> tuple[float, requests.Response]:
    started = time.monotonic()
    response = requests.post(
        nginx.url + IDENTIFY,
        files={"image": ("p.jpg", photo, "image/jpeg")},
        headers={"Host": HOST, "Authorization": f"Bearer {token}"},
        timeout=60,
        verify=False,
    )
    return time.monotonic() - started, response


def is_problem(body: str, code: str, status: int) -> bool:
    problem = json.loads(body)
    assert set(problem) == {"type", "title", "status", "detail", "instance", "code", "request_id", "errors"}
    return (problem["code"], problem["status"]) == (code, status)


def test_a_photo_is_identified_while_200_bodies_trickle_in_and_50_heads_never_end(
    nginx, token, get, stranger
):
    _, quiet = identify(nginx, token, make_photo("quiet"))
    with Trickle() as trickle:
        for number in range(200):
            slow = stranger(f"127.0.1.{number % 10 + 1}")
            slow.begin_upload()
            trickle.victims.append(slow)
        for number in range(50):
            stranger(f"127.0.2.{number % 5 + 1}").send(
                b"POST / HTTP/1.1\r\nHost: plants.example\r\nX-Slow: a"
            )

        took, answer = identify(nginx, token, make_photo("attacked"))
        alive = [get("/livez").elapsed.total_seconds() for _ in range(5)]

    trickle.victims[0].send(b"a")  # the first one is still at it
    assert (quiet.status_code, answer.status_code) == (200, 200), answer.text
    assert took < CALM_S
    assert max(alive) < CALM_S / 10


def test_who_sends_nothing_is_hung_up_on(stranger):
    silent_head, silent_body = stranger(), stranger()
    silent_head.send(b"GET / HTTP/1.1\r\nHost: plants")
    silent_body.begin_upload()
    started = time.monotonic()

    assert silent_head.answer()[0] in {0, 408}
    assert silent_body.answer()[0] in {0, 408}
    assert time.monotonic() - started < BODY_TIMEOUT_S + 5


def test_one_address_has_32_uploads_at_once_and_others_have_theirs(nginx, token, stranger):
    with Trickle() as trickle:
        for _ in range(32):
            slow = stranger("127.0.3.1")
            slow.begin_upload()
            trickle.victims.append(slow)
        status, body = 0, ""

        def is_refused():
            nonlocal status, body
            one_more = stranger("127.0.3.1")
            one_more.begin_upload(length=1)
            one_more.send(b"a")
            status, body = one_more.answer()
            return status == 429

        wait_until(is_refused)
        assert is_problem(body, "throttled", 429)
        assert identify(nginx, token, make_photo("neighbour"))[1].status_code == 200


@pytest.mark.parametrize(("path", "length"), [(IDENTIFY, 40_000_000), ("/api/v1/auth/login/", 2_000_000)])
def test_a_body_that_is_too_large_is_a_problem_document(stranger, path, length):
    sender = stranger()
    sender.begin_upload(length=length, path=path)
    status, body = sender.answer()

    assert status == 413
    assert is_problem(body, "request_too_large", 413)


def test_a_body_that_never_ends_is_refused_once_it_is_too_large(stranger):
    sender = stranger()
    sender.begin_upload(length=0)
    for _ in range(34 * 16):  # pieces of 64 kB, where 31 MB are taken; the rest is read and thrown away
        sender.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")
    status, body = sender.answer()

    assert status == 413
    assert is_problem(body, "request_too_large", 413)


def test_sign_in_has_a_rate_that_people_do_not_reach(nginx):
    def sign_in(_):
        return requests.post(
            f"{nginx.url}/api/v1/auth/token/",
            json={},
            headers={"Host": HOST},
            timeout=20,
            verify=False,
        )

    with ThreadPoolExecutor(8) as people:
        answers = list(people.map(sign_in, range(40)))

    by_nginx = [answer for answer in answers if "RateLimit-Policy" not in answer.headers]
    refused = [
        answer for answer in answers if answer.status_code == 429 and "address" in answer.json()["detail"]
    ]
    assert 20 <= len(answers) - len(refused) < 35, len(by_nginx)
    assert refused[0].headers["Content-Type"] == "application/problem+json"
    assert refused[0].headers["Retry-After"] == "2"
    assert refused[0].json()["request_id"] == refused[0].headers["X-Request-ID"]


def test_idle_connections_keep_nobody_out(get, stranger):
    for number in range(300):
        stranger(f"127.0.4.{number % 3 + 1}")

    assert get("/livez").status_code == 200


def test_nobody_chooses_the_address_that_is_counted(stranger):
    def remaining(address, claim):
        caller = stranger(address)
        head = f"GET /api/v2/pages/ HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n"
        caller.send(f"{head}X-Forwarded-For: {claim}\r\n\r\n".encode())
        answer = b""
        while piece := caller.socket.recv(65536):
            answer += piece
        return int(re.search(rb"ratelimit: .*?r=(\d+)", answer, re.IGNORECASE)[1])

    first, second = remaining("127.0.5.1", "192.0.2.1"), remaining("127.0.5.1", "192.0.2.2, 192.0.2.3")

    assert second == first - 1
    assert remaining("127.0.5.2", "127.0.5.1") == first


def test_a_request_keeps_its_id_from_client_to_log(nginx, get):
    plain, hostile = (
        get("/livez", **{"X-Request-ID": "phone-12345678"}),
        get("/livez", **{"X-Request-ID": 'a b"c'}),
    )

    assert plain.headers["X-Request-ID"] == "phone-12345678"
    assert re.fullmatch(r"[0-9a-f]{32}", hostile.headers["X-Request-ID"])
    wait_until(
        lambda: (
            {"phone-12345678", hostile.headers["X-Request-ID"]}
            <= {line["request_id"] for line in nginx.lines()}
        )
    )


def test_a_websocket_is_passed_on_with_who_and_how(nginx, upstream, stranger):
    caller = stranger("127.0.6.1")
    head = f"GET /ws/circuit-status/?ticket=secret HTTP/1.1\r\nHost: {HOST}\r\n"
    caller.send(f"{head}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n".encode())
    status, rest = caller.answer()

    assert (status, rest) == (101, "hello")
    head = upstream.heads[-1].lower()
    for line in (
        f"host: {HOST}",
        "upgrade: websocket",
        "connection: upgrade",
        "x-forwarded-for: 127.0.6.1",
        "x-forwarded-proto: https",
    ):
        assert f"{line}\r\n" in head
    caller.socket.close()
    wait_until(lambda: any(line["path"] == "/ws/circuit-status/" for line in nginx.lines()))
    assert "secret" not in nginx.log.read_text()


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/media/private/aa/photo.jpg",
        "/media/page.html",
        "/media/drawing.svg",
        "/media/x/%2e%2e/private/aa/photo.jpg",
        "/media/..%2fprivate/aa/photo.jpg",
        "/media/private%2faa/photo.jpg",
        "/media//private/aa/photo.jpg",
        "/static..%2fnginx.conf",
        "/static/..%2fnginx.conf",
        "/static/%2e%2e/nginx.conf",
        "/static../nginx.conf",
    ],
)
def test_what_is_for_the_inside_stays_there(nginx, stranger, path):
    nginx.put("media/private/aa/photo.jpg", b"private")
    nginx.put("media/page.html", b"<script>")
    nginx.put("media/drawing.svg", b"<svg/>")
    caller = stranger()
    caller.send(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
    status, body = caller.answer()
    assert status in {400, 404}
    assert "private" not in body
    assert "proxy_pass" not in body


def test_editors_pictures_and_our_own_files_are_taken_for_what_they_are(nginx, get):
    nginx.put("media/original/leaf.gif", b"GIF89a<script>")
    nginx.put("static/page.css", b"p {}")
    picture, style = get("/media/original/leaf.gif"), get("/static/page.css")

    assert picture.headers["Content-Type"] == "image/gif"
    assert picture.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert picture.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    for answer in (picture, style, get("/media/page.html"), get("/livez"), get("/api/v1/meta/"), get("/")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_server_that_is_gone_is_told_as_a_problem_and_to_people_as_a_page(nginx, server, get):
    server.kill()
    try:
        api, page = get("/api/v1/meta/"), get("/")
    finally:
        server.start()

    assert api.headers["Content-Type"] == "application/problem+json"
    assert is_problem(api.text, "service_unavailable", 503)
    assert api.headers["Retry-After"] == "5"
    assert (api.status_code, api.json()["instance"]) == (503, "/api/v1/meta/")
    assert (page.status_code, page.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert "<h1>Temporarily unavailable</h1>" in page.text
