"""The Herbarium itself, as far as a test needs it: a real HTTP server in a thread of this process."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "key-of-the-herbarium"


class Herbarium:
    """What it will say, and what it was sent."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.plant = "yes"
        self.finds: list[dict] = []
        self.status = 200
        self.allowed = 500
        self.delay_s = 0.0
        self.meanwhile: Callable[[], object] = lambda: None  # runs before a photo is answered
        self.photos: list[bytes] = []

    def sees(self, name: str, percent: float, *called: str) -> None:
        self.finds.append({"taxon": {"latin": name}, "percent": percent, "called": list(called)})

    def look(self, photo: bytes) -> tuple[int, dict]:
        self.photos.append(photo)
        self.meanwhile()
        time.sleep(self.delay_s)
        if self.status != 200:
            return self.status, {"complaint": "not today"}
        left = self.allowed - len(self.photos)
        return 200, {"engine": "h-7", "plant": self.plant, "finds": self.finds, "left_today": left}

    def account(self) -> tuple[int, dict]:
        return 200, {"daily": {"allowed": self.allowed, "spent": len(self.photos)}}


@contextmanager
def running_herbarium() -> Iterator[Herbarium]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            photo = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(lambda: herbarium.look(photo))

        def do_GET(self) -> None:
            self._answer(herbarium.account)

        def _answer(self, say: Callable[[], tuple[int, dict]]) -> None:
            is_known = self.headers["X-Herbarium-Key"] == KEY
            status, body = say() if is_known else (401, {"complaint": "who are you?"})
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        herbarium = Herbarium(server.server_port)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield herbarium
        finally:
            server.shutdown()
            thread.join()
