import contextlib
import gzip
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.core.http import (
    ConnectFailed,
    ConnectionLost,
    OutboundClient,
    OutboundError,
    ReplyTooLarge,
    ReplyUnreadable,
    RequestInvalid,
    TimedOut,
)
from apps.core.resilience.clock import Deadline, DeadlinePassed
from apps.core.tests.fakes_resilience import ManualClock, in_threads, wait_until

KEY = "k3y-that-nobody-may-see"
DEADLINE_S = 0.4
# A loaded machine may wake a thread late; a server that is not cut off drips for 10 s.
SLACK_S = 1.5


class WireServer:
    """Accepts connections and hands each, with its number, to `script`; it knows nothing of HTTP."""

    def __init__(self, script: Callable[[socket.socket, int], None], context: ssl.SSLContext | None = None):
        self._script, self._context = script, context
        self.stopping = threading.Event()
        self.connections = self.closed = 0
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), connection:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                self._script(connection, number)
            self.closed += 1

    def read_request(self, connection: socket.socket) -> bytes:
        """Header and body of one request; empty when the client has gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            if not (chunk := connection.recv(65_536)):
                return b""
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        wanted = int(lengths[0].split(b":")[1]) if lengths else 0
        while len(body) < wanted:
            body += connection.recv(65_536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]

    def drip(self, connection: socket.socket, byte: bytes = b"x") -> None:
        """One byte now and then, for ever: never silent long enough for a socket's time-out."""
        while not self.stopping.wait(0.05):
            connection.sendall(byte)

    def stop(self) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)


@pytest.fixture
def serve() -> Iterator[Callable[..., WireServer]]:
    servers: list[WireServer] = []

    def start(
        script: Callable[[WireServer, socket.socket, int], None], context: ssl.SSLContext | None = None
    ):
        holder: list[WireServer] = []
        server = WireServer(lambda connection, number: script(holder[0], connection, number), context)
        holder.append(server)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("no openssl here to make a certificate with")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
        f" -addext subjectAltName=IP:127.0.0.1 -keyout {path}.key -out {path}".split(),
        check=True,
        capture_output=True,
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    return context


def answer(connection: socket.socket, body: bytes = b"ok", *headers: str, status: str = "200 OK") -> None:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def drips_the_body(server: WireServer, connection: socket.socket, number: int) -> None:
    server.read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    server.drip(connection)


def drips_the_header(server: WireServer, connection: socket.socket, number: int) -> None:
    server.read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    server.drip(connection)


def drips_a_body_that_ends_with_the_connection(
    server: WireServer, connection: socket.socket, number: int
) -> None:
    server.read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    server.drip(connection)


def says_nothing(server: WireServer, connection: socket.socket, number: int) -> None:
    server.read_request(connection)
    server.stopping.wait(10)


SLOW_SERVERS = [drips_the_body, drips_the_header, drips_a_body_that_ends_with_the_connection, says_nothing]


def assert_cut_off_in_time(client: OutboundClient, url: str, expected: type[OutboundError]) -> None:
    started = time.monotonic()
    with pytest.raises(expected) as caught:
        client.send("POST", url, deadline=DEADLINE_S, data=b"photo")
    assert time.monotonic() - started < DEADLINE_S + SLACK_S
    assert caught.value.request_sent is expected.request_sent


@pytest.mark.parametrize("script", SLOW_SERVERS)
def test_a_slow_reply_is_cut_off_at_the_deadline(serve, script):
    assert_cut_off_in_time(OutboundClient(), serve(script).url, TimedOut)


@pytest.mark.parametrize("script", SLOW_SERVERS)
def test_a_slow_reply_over_tls_is_cut_off_at_the_deadline(serve, script, tls, certificate):
    def answers_once(server, connection, number):
        server.read_request(connection)
        answer(connection)
        script(server, connection, number)

    client = OutboundClient(ca_bundle=str(certificate))
    server = serve(answers_once, tls)
    client.send("POST", server.url, deadline=30, data=b"photo")  # shakes hands, which a busy machine delays

    assert_cut_off_in_time(client, server.url, TimedOut)
    assert server.connections == 1


def test_a_handshake_that_never_ends_is_cut_off_and_nothing_was_sent(serve, certificate):
    def dribbles_a_handshake(server, connection, number):
        connection.recv(65_536)
        connection.sendall(b"\x16\x03\x03\x40\x00")  # announces 16 KB of handshake, and takes its time
        server.drip(connection, b"\x00")

    url = serve(dribbles_a_handshake).url.replace("http:", "https:")

    assert_cut_off_in_time(OutboundClient(ca_bundle=str(certificate)), url, ConnectFailed)


def test_a_host_that_does_not_accept_costs_the_connect_timeout_not_the_deadline():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        # Connections nobody accepts fill the queue; after that the kernel drops what comes.
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        started = time.monotonic()
        try:
            with pytest.raises(ConnectFailed) as caught:
                OutboundClient().send(
                    "GET", f"http://127.0.0.1:{address[1]}", deadline=1.1, connect_timeout_s=0.2
                )
        finally:
            for one in waiting:
                one.close()
    assert time.monotonic() - started < 1.0 + SLACK_S
    assert caught.value.request_sent is False


def test_a_refused_connection_was_not_sent_and_is_tried_once_more(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    attempts = []
    client = OutboundClient()
    attempt = client._attempt
    monkeypatch.setattr(client, "_attempt", lambda *args: attempts.append(1) or attempt(*args))

    with pytest.raises(ConnectFailed) as caught:
        client.send("POST", f"http://127.0.0.1:{port}", deadline=5)

    assert (len(attempts), caught.value.request_sent) == (2, False)


def test_a_name_that_does_not_exist_was_not_sent(monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(ConnectFailed):
        OutboundClient().send("GET", "http://plants.invalid", deadline=0.5)


def test_a_certificate_nobody_vouches_for_ends_before_anything_is_sent(serve, tls):
    server = serve(lambda server, connection, number: server.read_request(connection), tls)

    with pytest.raises(ConnectFailed):
        OutboundClient().send("POST", server.url, deadline=5, data=b"photo")

    assert server.requests == []


def test_a_connection_that_breaks_after_the_request_counts_as_sent_and_is_not_repeated(serve):
    server = serve(lambda server, connection, number: server.read_request(connection))

    with pytest.raises(ConnectionLost) as caught:
        OutboundClient().send("POST", server.url, deadline=5, data=b"photo")

    assert (len(server.requests), caught.value.request_sent) == (1, True)


def test_a_body_shorter_than_announced_is_not_a_reply(serve):
    def stops_short(server, connection, number):
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    with pytest.raises(ConnectionLost):
        OutboundClient().send("GET", serve(stops_short).url, deadline=5)


def test_a_reply_in_a_broken_encoding_is_unreadable(serve):
    def lies_about_gzip(server, connection, number):
        server.read_request(connection)
        answer(connection, b"not gzip at all", "Content-Encoding: gzip")

    with pytest.raises(ReplyUnreadable):
        OutboundClient().send("GET", serve(lies_about_gzip).url, deadline=5)


@pytest.mark.parametrize(
    ("body", "headers"),
    [(b"x" * 5_000, ()), (gzip.compress(b"\0" * 5_000_000), ("Content-Encoding: gzip",))],
    ids=["announced", "compressed"],
)
def test_a_reply_larger_than_allowed_is_not_read(serve, body, headers):
    def says_too_much(server, connection, number):
        server.read_request(connection)
        answer(connection, body, *headers)

    with pytest.raises(ReplyTooLarge) as caught:
        OutboundClient().send("GET", serve(says_too_much).url, deadline=5, max_bytes=len(body) - 1)

    assert caught.value.request_sent


def test_a_reply_of_unknown_length_is_read_no_further_than_allowed(serve):
    def never_stops(server, connection, number):
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while not server.stopping.is_set():
            connection.sendall(b"x" * 65_536)

    with pytest.raises(ReplyTooLarge):
        OutboundClient().send("GET", serve(never_stops).url, deadline=10, max_bytes=300_000)


def test_a_redirect_is_an_answer_and_not_followed(serve):
    def moves(server, connection, number):
        server.read_request(connection)
        answer(connection, b"moved", f"Location: {server.url}/elsewhere", status="302 Found")

    server = serve(moves)

    assert OutboundClient().send("GET", server.url, deadline=5).status == 302
    assert len(server.requests) == 1


def test_a_redirect_with_an_endless_body_is_read_no_further_than_allowed(serve):
    def moves_and_never_ends(server, connection, number):
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nConnection: close\r\n\r\n")
        connection.sendall(b"x" * 400_000)
        server.stopping.wait(10)

    started = time.monotonic()
    with pytest.raises(ReplyTooLarge):
        OutboundClient().send("GET", serve(moves_and_never_ends).url, deadline=5, max_bytes=300_000)

    assert time.monotonic() - started < 4


def test_cookies_are_not_carried_from_one_call_to_the_next(serve):
    def sets_a_cookie(server, connection, number):
        while server.read_request(connection):
            answer(connection, b"ok", "Set-Cookie: session=of-somebody")

    server, client = serve(sets_a_cookie), OutboundClient()

    for _ in range(2):
        client.send("GET", server.url, deadline=5)

    assert b"ookie" not in server.requests[1]


def test_the_environment_names_no_proxy(serve, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    server = serve(lambda server, connection, number: server.read_request(connection) and answer(connection))

    assert OutboundClient().send("GET", server.url, deadline=5).content == b"ok"


def test_no_time_left_means_nothing_is_attempted(serve):
    server = serve(lambda server, connection, number: None)
    clock = ManualClock()
    deadline = Deadline.after(1, clock)
    clock.advance(1)

    with pytest.raises(DeadlinePassed):
        OutboundClient().send("GET", server.url, deadline=deadline)

    assert server.connections == 0


def test_a_request_that_cannot_be_built_is_our_mistake():
    with pytest.raises(RequestInvalid):
        OutboundClient().send("GET", "http://127.0.0.1", deadline=1, headers={"X-Bad": "a\r\nb"})


def keeps_answering(server: WireServer, connection: socket.socket, number: int) -> None:
    while server.read_request(connection):
        answer(connection, str(number).encode())


def test_a_thread_uses_its_connection_again_and_shares_it_with_no_other(serve):
    server, client = serve(keeps_answering), OutboundClient()

    def twice(_: int) -> list[bytes]:
        return [client.send("GET", server.url, deadline=5).content for _ in range(2)]

    used = in_threads(4, twice)

    assert all(first == second for first, second in used)
    assert len({first for first, _ in used}) == server.connections == 4


def test_a_forked_child_opens_a_connection_of_its_own(serve):
    server, client = serve(keeps_answering), OutboundClient()
    in_parent = client.send("GET", server.url, deadline=5).content
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, client.send("GET", server.url, deadline=5).content)
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        in_child = pipe.read()

    assert (in_parent, in_child) == (b"1", b"2")
    assert client.send("GET", server.url, deadline=5).content == b"1"


def test_a_connection_the_server_closed_meanwhile_is_replaced_before_sending(serve):
    def answers_once(server, connection, number):
        server.read_request(connection)
        answer(connection, str(number).encode())

    server, client = serve(answers_once), OutboundClient()

    for number in (1, 2, 3):
        assert client.send("POST", server.url, deadline=5).content == str(number).encode()
        wait_until(lambda closed=number: server.closed == closed)


def test_the_end_of_an_earlier_deadline_does_not_cut_a_later_call_on_the_same_connection(serve):
    go_on = threading.Event()

    def answers_the_second_late(server, connection, number):
        server.read_request(connection)
        answer(connection)
        server.read_request(connection)
        go_on.wait(10)
        answer(connection, b"late but right")

    server, client = serve(answers_the_second_late), OutboundClient()
    first_ends = time.monotonic() + 0.2
    client.send("GET", server.url, deadline=0.2)
    timer = threading.Timer(0.4, go_on.set)
    timer.start()

    assert client.send("GET", server.url, deadline=10).content == b"late but right"
    assert time.monotonic() > first_ends
    timer.join()


def test_one_thread_watches_all_calls_and_keeps_no_descriptor(serve):
    server, client = serve(keeps_answering), OutboundClient()
    client.send("GET", server.url, deadline=5)
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0

    for _ in range(50):
        client.send("GET", server.url, deadline=5)

    watching = [thread for thread in threading.enumerate() if thread.name == "http-watchdog"]
    assert len(watching) == 1
    if before:
        wait_until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= before)


@pytest.mark.parametrize("script", [drips_the_header, lambda *_: None, drips_the_body])
def test_no_failure_and_no_log_line_tells_the_key(serve, script, caplog):
    caplog.set_level("DEBUG")
    client = OutboundClient(secrets=[KEY])

    with pytest.raises(OutboundError) as caught:
        client.send("GET", serve(script).url, deadline=0.3, params={"api-key": KEY}, headers={"Api-Key": KEY})

    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert caught.value.__context__ is None
    assert KEY not in told


def test_the_library_may_log_a_call_but_not_its_key(serve, caplog):
    caplog.set_level("DEBUG")
    server = serve(keeps_answering)

    OutboundClient().send("GET", server.url, deadline=5, params={"api-key": "another-key-unregistered"})

    assert "another-key" not in caplog.text
    assert "api-key=[redacted]" in caplog.text
