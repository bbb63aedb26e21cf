"""The requests of the product's clients, as nginx passes them on."""

from collections.abc import Sequence

from benchmarks.http_load import Call, get, upload
from benchmarks.stack import HOST

IDENTIFY = "/api/v1/plant-identification/identify/"
BARE_UPLOAD = "/bare/upload/"
BARE_READ = "/bare/read/"
HEALTH = "/api/v1/plant-identification/identify/health/"


def headers(token: str = "") -> dict[str, str]:
    proxied = {"Host": HOST, "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    return {**proxied, "Authorization": f"Bearer {token}"} if token else proxied


def identify(photo: bytes, token: str, *, kind: str = "identify") -> Call:
    return upload(kind, IDENTIFY, photo, headers(token))


def bare_upload(photo: bytes, token: str) -> Call:
    return upload("bare", BARE_UPLOAD, photo, headers(token))


def read(path: str, token: str = "", *, kind: str = "read") -> Call:
    return get(kind, path, headers(token))


class Taking:
    """Hands out calls in turn, for ever."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self._calls = calls
        self._next = 0

    def __call__(self) -> Call:
        call = self._calls[self._next % len(self._calls)]
        self._next += 1
        return call
