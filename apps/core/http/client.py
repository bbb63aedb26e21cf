"""The one way out of the process over HTTP."""

import os
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError as TransportError

from apps.core.http import errors
from apps.core.http.redaction import register_secret, silence_library_logs
from apps.core.http.transport import new_session, under_watch
from apps.core.http.watchdog import Watch
from apps.core.resilience.clock import Deadline

CONNECT_TIMEOUT_S = 5.0
MAX_REPLY_BYTES = 2_000_000
_CHUNK_BYTES = 65_536
# Below this much time a second attempt to connect could not end in an answer anyway.
_WORTH_RECONNECTING_S = 1.0


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    content: bytes
    elapsed_s: float


class OutboundClient:
    """Sends requests that end when their deadline does, whatever the other side is doing.

    No redirects are followed, nothing is taken from the environment, no cookies are kept, and a
    request is never repeated once a byte of it may have left. Each thread of each process has a
    session of its own, so connections are reused and never shared.

    Looking a name up cannot be interrupted: callers that must not wait for a dead resolver wait
    for the result with a time-out of their own.
    """

    def __init__(self, *, secrets: Iterable[str] = (), ca_bundle: str | None = None) -> None:
        self._ca_bundle = ca_bundle
        self._local = threading.local()
        silence_library_logs()
        for secret in secrets:
            register_secret(secret)

    def send(
        self,
        method: str,
        url: str,
        *,
        deadline: Deadline | float,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        read_timeout_s: float | None = None,
        max_bytes: int = MAX_REPLY_BYTES,
        params: Any = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Any = None,
        files: Any = None,
    ) -> Reply:
        """
        Raises:
            DeadlinePassed: no time was left at the start; nothing was attempted.
            OutboundError: there is no complete reply; `request_sent` tells whether it may have been charged.
        """
        left_s = (deadline if isinstance(deadline, Deadline) else Deadline.after(deadline)).require()
        started = time.monotonic()
        ends_at = started + left_s
        request = {"params": params, "headers": headers, "json": json, "data": data, "files": files}
        timeouts = (connect_timeout_s, left_s if read_timeout_s is None else read_timeout_s)
        try:
            response, content = self._attempt(method, url, Watch(ends_at), timeouts, max_bytes, request)
        except errors.ConnectFailed:
            # Nothing was sent, so asking again costs nothing but time.
            if ends_at - time.monotonic() < _WORTH_RECONNECTING_S:
                raise
            response, content = self._attempt(method, url, Watch(ends_at), timeouts, max_bytes, request)
        return Reply(
            status=response.status_code,
            headers=CaseInsensitiveDict(response.headers),
            content=content,
            elapsed_s=time.monotonic() - started,
        )

    def _attempt(
        self,
        method: str,
        url: str,
        watch: Watch,
        timeouts: tuple[float, float],
        max_bytes: int,
        request: dict[str, Any],
    ) -> tuple[requests.Response, bytes]:
        connect_s, read_s = (max(0.001, min(limit, watch.remaining_s())) for limit in timeouts)
        try:
            with (
                under_watch(watch),
                self._session().request(
                    method, url, timeout=(connect_s, read_s), stream=True, allow_redirects=False, **request
                ) as response,
            ):
                return response, _read_body(response, watch, max_bytes)
        except (requests.RequestException, TransportError, OSError) as exc:
            failure = _what_happened(exc, watch)
        # Raised out here it has no context: the library's text holds the address, which may hold the key.
        raise failure

    def _session(self) -> requests.Session:
        if getattr(self._local, "pid", None) != os.getpid():
            self._local.session = new_session(self._ca_bundle)
            self._local.pid = os.getpid()
        session: requests.Session = self._local.session
        return session


def _read_body(response: requests.Response, watch: Watch, max_bytes: int) -> bytes:
    if _declared_bytes(response.headers.get("Content-Length")) > max_bytes:
        raise errors.ReplyTooLarge(f"more than {max_bytes} bytes")
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > max_bytes:
            raise errors.ReplyTooLarge(f"more than {max_bytes} bytes")
    if watch.ran_out:
        # Where the reply ends with the connection, the end that the watchdog made looks like the real one.
        raise errors.TimedOut("deadline")
    return bytes(body)


def _declared_bytes(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0


def _what_happened(exc: Exception, watch: Watch) -> errors.OutboundError:
    kind = type(exc).__name__
    if isinstance(exc, requests.exceptions.InvalidURL | requests.exceptions.InvalidHeader | ValueError):
        return errors.RequestInvalid(kind)
    if not watch.request_sent:
        return errors.ConnectFailed("deadline" if watch.ran_out else kind)
    if watch.ran_out:
        return errors.TimedOut("deadline")
    if isinstance(exc, requests.Timeout | TimeoutError):
        return errors.TimedOut(kind)
    if isinstance(exc, requests.exceptions.ContentDecodingError):
        return errors.ReplyUnreadable(kind)
    return errors.ConnectionLost(kind)
