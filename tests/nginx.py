"""A real nginx with our configuration, and people who misuse it."""

import contextlib
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path
from typing import Self

from devstack.processes import free_port
from tests.fleet import IDENTIFY, ROOT

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin") or ""
HOST = "plants.example"
HEADER_TIMEOUT_S, BODY_TIMEOUT_S = 3, 4  # instead of 10 and 20, so that the test need not wait


class Nginx:
    """nginx with our own configuration: other ports, folders and timeouts, and nothing else changed."""

    def __init__(self, directory: Path, *, web: int, ws: int) -> None:
        self.port = free_port()
        self.log = directory / "access.log"
        self._directory = directory
        self._config = directory / "nginx.conf"
        self._config.write_text(self._adapted((ROOT / "deploy/nginx/nginx.conf").read_text(), web, ws))

    def _adapted(self, config: str, web: int, ws: int) -> str:
        here = self._directory
        temporary = "".join(
            f"{kind}_temp_path {here}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        changes = {
            "pid /tmp/nginx.pid;": f"pid {here}/nginx.pid;\nuser root;",
            "error_log /dev/stderr": f"error_log {here}/error.log",
            "access_log /dev/stdout": f"access_log {here}/access.log",
            "include /etc/nginx/mime.types;": temporary + "include /etc/nginx/mime.types;",
            "server web:8000 resolve;": f"server 127.0.0.1:{web};",
            "server ws:8000 resolve;": f"server 127.0.0.1:{ws};",
            "resolver 127.0.0.11 valid=5s ipv6=off;": "",  # Docker's
            "listen 127.0.0.1:8080;": f"listen 127.0.0.1:{free_port()};",
            "listen 80 ": f"listen 127.0.0.1:{free_port()} ",
            "/etc/nginx/tls/": f"{here}/",
            "/data/": f"{here}/",
            "client_header_timeout 10s;": f"client_header_timeout {HEADER_TIMEOUT_S}s;",
            "client_body_timeout 20s;": f"client_body_timeout {BODY_TIMEOUT_S}s;",
        }
        if _version() >= (1, 25, 1):
            changes["listen 443 "] = f"listen {self.port} "
        else:  # which says it in another way
            changes |= {"listen 443 ssl ": f"listen {self.port} ssl http2 ", "http2 on;": ""}
        for ours, here_instead in changes.items():
            assert ours in config, ours
            config = config.replace(ours, here_instead)
        return config

    def __enter__(self) -> Self:
        key, certificate = self._directory / "privkey.pem", self._directory / "fullchain.pem"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        command += [
            "-nodes",
            "-days",
            "2",
            "-subj",
            f"/CN={HOST}",
            "-keyout",
            str(key),
            "-out",
            str(certificate),
        ]
        subprocess.run(command, check=True, capture_output=True)
        self._process = subprocess.Popen(
            [NGINX, "-p", str(self._directory), "-c", str(self._config), "-g", "daemon off;"],
            stderr=subprocess.PIPE,
        )
        wait_until(self._answers)
        return self

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(self._process.stderr.read().decode())
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=10)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def put(self, path: str, content: bytes) -> None:
        """A file where nginx finds what it serves itself."""
        file = self._directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


class EchoingUpstream:
    """In the place of the WebSocket process: keeps the heads of requests, and agrees to every upgrade."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.heads: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.heads.append(connection.recv(65536).decode())
            connection.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello"
            )
            connection.close()

    def close(self) -> None:
        self._listener.close()


class Stranger:
    """One TLS connection from an address of its own, on which anything can be written."""

    def __init__(self, nginx: Nginx, address: str = "127.0.0.1") -> None:
        plain = socket.create_connection(("127.0.0.1", nginx.port), timeout=20, source_address=(address, 0))
        self.socket = _TRUSTING.wrap_socket(plain, server_hostname=HOST)

    def begin_upload(self, *, length: int = 5_000_000, path: str = IDENTIFY, extra: str = "") -> None:
        head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\n{extra}"
        head += "Content-Type: multipart/form-data; boundary=b\r\n"
        head += "Transfer-Encoding: chunked\r\n\r\n" if not length else f"Content-Length: {length}\r\n\r\n"
        self.send(head.encode())

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> tuple[int, str]:
        """The status, and all that follows; 0 where the connection was closed without a word."""
        received = b""
        try:
            while not _is_whole(received) and (piece := self.socket.recv(65536)):
                received += piece
        except ConnectionResetError:
            pass
        status = received.split(b" ", 2)[1] if received else b"0"
        return int(status), received.decode(errors="replace").partition("\r\n\r\n")[2]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


class Trickle:
    """Sends a byte on every one of its connections, again and again."""

    def __init__(self) -> None:
        self.victims: list[Stranger] = []
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._enough.wait(0.5):
            for stranger in tuple(self.victims):
                with contextlib.suppress(OSError):  # it was answered, and hung up on
                    stranger.send(b"a")


def _is_whole(received: bytes) -> bool:
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    return bool(length) and len(body) >= int(length[1])


_TRUSTING = ssl.create_default_context()
_TRUSTING.check_hostname = False
_TRUSTING.verify_mode = ssl.CERT_NONE


def _version() -> tuple[int, ...]:
    said = subprocess.run([NGINX, "-v"], capture_output=True, text=True, check=True).stderr
    return tuple(int(number) for number in re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", said).groups())


def wait_until(condition, *, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)
