"""What this process knows about a server of ours being there, shared by everything that uses it."""

import logging
import threading
import time

from apps.core.resilience.forking import forget_after_fork

logger = logging.getLogger(__name__)


class Outage:
    """Remembers for a short while that a server failed, and lets one caller find out whether it is back.

    Without it everything asked of a server that is gone or hangs costs its time-out: a request that asks
    ten times would be over before its first provider was asked.
    """

    def __init__(
        self,
        server: str,
        *,
        memo_s: float,
        left_alone: type[Exception],
        meanwhile: str,
        events: tuple[str, str],
    ) -> None:
        """`meanwhile` is what happens without it; `events` name its going and its coming back in the log."""
        self._server, self._meanwhile, self._events = server, meanwhile, events
        self._left_alone = left_alone
        self.memo_s = memo_s
        self.forget()
        forget_after_fork(self)

    def forget(self) -> None:
        self._lock = threading.Lock()
        self._down = False
        self._refuse_until = 0.0
        self._prober: int | None = None
        self._answered_at = float("-inf")

    @property
    def is_down(self) -> bool:
        """True from a failure until the next answer."""
        return self._down

    def answered_within(self, seconds: float) -> bool:
        return time.monotonic() - self._answered_at < seconds

    def admit(self) -> None:
        """Let this thread talk to the server.

        Raises:
            `left_alone`: it failed a moment ago, or another thread is finding out right now.
        """
        if not self._down:
            return
        with self._lock:
            if not self._down or self._prober == threading.get_ident():
                return
            now = time.monotonic()
            if now < self._refuse_until:
                raise self._left_alone(f"{self._server} failed a moment ago")
            # Should the prober never come back with an answer, the next one may try when this runs out.
            self._prober = threading.get_ident()
            self._refuse_until = now + self.memo_s

    def note_failure(self, error: BaseException) -> None:
        with self._lock:
            was_down, self._down = self._down, True
            self._prober = None
            self._refuse_until = time.monotonic() + self.memo_s
        if not was_down:
            logger.warning(
                "[%s] %s unavailable (%s), %s",
                self._server.upper(),
                self._server,
                type(error).__name__,
                self._meanwhile,
                extra={"event": self._events[0], "error": type(error).__name__},
            )

    def note_answer(self) -> None:
        self._answered_at = time.monotonic()
        if not self._down:
            return
        with self._lock:
            was_down, self._down = self._down, False
            self._prober = None
        if was_down:
            logger.info(
                "[%s] %s is back",
                self._server.upper(),
                self._server,
                extra={"event": self._events[1]},
            )
