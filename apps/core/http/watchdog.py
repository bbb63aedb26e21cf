"""One thread per process that cuts calls off at their deadline.

A socket time-out limits the gap between two bytes, not the call: a server that sends one byte a
second holds a worker for ever. Shutting the connection down from outside wakes the thread that
blocks in it, whatever it was doing: TLS handshake, header, body.
"""

import contextlib
import heapq
import itertools
import os
import socket
import threading
import time

from apps.core.resilience.forking import forget_after_fork


class Watch:
    """One call under way: when it must end, and the connection to shut down then."""

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.request_sent = False
        self._lock = threading.Lock()
        self._wire: socket.socket | None = None
        self._cut = False

    def attach(self, connection: socket.socket) -> None:
        """Follow this connection.

        The watch keeps a duplicate of the descriptor: http.client forgets the socket on
        `Connection: close`, and TLS moves it into another object in the middle of the handshake.
        """
        wire = socket.socket(fileno=os.dup(connection.fileno()))
        with self._lock:
            previous, self._wire = self._wire, wire
            if self._cut:
                _shut_down(wire)
        if previous is not None:
            previous.close()

    def remaining_s(self) -> float:
        return self.ends_at - time.monotonic()

    @property
    def ran_out(self) -> bool:
        return self._cut or self.remaining_s() <= 0

    def cut(self) -> None:
        with self._lock:
            self._cut = True
            if self._wire is not None:
                _shut_down(self._wire)

    def close(self) -> None:
        """The call has ended; its connection may serve another."""
        with self._lock:
            wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()


def _shut_down(wire: socket.socket) -> None:
    with contextlib.suppress(OSError):
        wire.shutdown(socket.SHUT_RDWR)


class Watchdog:
    """Holds the watches in the order of their ends. The thread starts with the first call."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._ends: list[tuple[float, int, Watch]] = []
        self._order = itertools.count()
        self._thread: threading.Thread | None = None

    def add(self, watch: Watch) -> None:
        with self._changed:
            heapq.heappush(self._ends, (watch.ends_at, next(self._order), watch))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="http-watchdog", daemon=True)
                self._thread.start()
            elif self._ends[0][2] is watch:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            self._wait_for_next_end().cut()

    def _wait_for_next_end(self) -> Watch:
        with self._changed:
            while True:
                left = self._ends[0][0] - time.monotonic() if self._ends else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._ends)[2]
                self._changed.wait(left)


WATCHDOG = Watchdog()
forget_after_fork(WATCHDOG)
