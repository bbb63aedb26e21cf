"""A time limit for the body of a request, where no proxy takes the whole body first.

    application = TimedBodies(get_wsgi_application(), timeout_s=60, at_once=48)

Granian's `read()` waits for all bytes it was asked for, however long, and cannot be called off: with the
answer given while another thread is in it, the whole process stands still (2.8.7). So a slow sender is
asked for few bytes at a time, and between them the time is looked at.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import BadRequest

from apps.core.codes import ErrorCode
from apps.core.resilience.clock import SYSTEM_CLOCK, Clock, Deadline

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

SMALLEST_PIECE, LARGEST_PIECE = 16, 65_536  # bytes
GROWTH = 4
QUICK_S = 0.1  # a piece that came in less is followed by a larger one


class BodyNotRead(BadRequest):
    """The request could not be read to its end; `code` says why."""

    code = ErrorCode.PARSE_ERROR
    retry_after_s: float | None = None


class BodyTooSlow(BodyNotRead):
    code = ErrorCode.REQUEST_TIMEOUT


class TooManyBodies(BodyNotRead):
    """Others' bodies are being waited for already, and the threads left are for requests without one."""

    code = ErrorCode.SERVICE_UNAVAILABLE
    retry_after_s = 5


class TimedBodies:
    """A WSGI application that waits `timeout_s` at most for a body, and for `at_once` of them at most."""

    def __init__(
        self, application: Application, *, timeout_s: float, at_once: int, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._application = application
        self._timeout_s = timeout_s
        self._places = threading.BoundedSemaphore(at_once)
        self._clock = clock

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = _content_length(environ)
        if not length:
            return self._application(environ, start_response)
        deadline = Deadline.after(self._timeout_s, self._clock)
        body = _TimedBody(environ["wsgi.input"], length, deadline=deadline, places=self._places)
        environ["wsgi.input"] = body

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            if body.is_given_up:  # the client is still sending, and can stop now
                headers = [*headers, ("Connection", "close")]
            return start_response(status, headers, *exc_info)

        try:
            return self._application(environ, start)
        finally:
            body.close()


class _TimedBody:
    """`wsgi.input`, as far as Django uses it. Holds a place from the first read to the last."""

    def __init__(
        self, source: Any, length: int, *, deadline: Deadline, places: threading.BoundedSemaphore
    ) -> None:
        self.is_given_up = False
        self._source = source
        self._missing = length
        self._deadline = deadline
        self._places = places
        self._has_place = False
        self._piece_bytes = SMALLEST_PIECE

    def read(self, size: int = -1) -> bytes:
        """
        Raises:
            BodyTooSlow: the time is up.
            TooManyBodies: there is no place to wait in.
        """
        wanted = self._missing if size < 0 else min(size, self._missing)
        pieces = []
        while wanted > 0 and (piece := self._read_piece(min(wanted, self._piece_bytes))):
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def readline(self, size: int = -1) -> bytes:
        line = b""
        while len(line) != size and not line.endswith(b"\n") and (byte := self.read(1)):
            line += byte
        return line

    def close(self) -> None:
        if self._has_place:
            self._has_place = False
            self._places.release()

    def _read_piece(self, size: int) -> bytes:
        self._require_place_and_time()
        clock = self._deadline.clock
        began = clock.monotonic()
        piece: bytes = self._source.read(size)
        is_quick = clock.monotonic() - began < QUICK_S
        self._piece_bytes = min(LARGEST_PIECE, self._piece_bytes * GROWTH) if is_quick else SMALLEST_PIECE
        self._missing -= len(piece) or self._missing  # nothing more comes from a client that hung up
        if self._missing <= 0:
            self.close()
        return piece

    def _require_place_and_time(self) -> None:
        if not self._has_place and not self._places.acquire(blocking=False):
            raise TooManyBodies("Too many bodies are being waited for.")
        self._has_place = True
        if self._deadline.expired:
            self.is_given_up = True
            raise BodyTooSlow("The body did not arrive in time.")


def _content_length(environ: Environ) -> int:
    try:
        return int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:  # Django takes it for 0 as well
        return 0
