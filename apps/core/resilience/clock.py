"""Time as a value: a clock that tests can turn, and a deadline that is spent once."""

import time
from dataclasses import dataclass
from typing import Protocol, Self


class DeadlinePassed(Exception):
    """There was no time left to begin; nothing was attempted."""


class Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds from an arbitrary point, never going back."""

    def wall(self) -> float:
        """Seconds since 1970-01-01 UTC."""

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)


SYSTEM_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock by which an answer must be there.

    It is handed down through every layer, so that queueing, waiting for a lock and the call itself
    all draw on the same seconds. It means nothing in another process.
    """

    at: float
    clock: Clock = SYSTEM_CLOCK

    @classmethod
    def after(cls, seconds: float, clock: Clock = SYSTEM_CLOCK) -> Self:
        return cls(at=clock.monotonic() + seconds, clock=clock)

    def remaining_s(self) -> float:
        """Never negative."""
        return max(0.0, self.at - self.clock.monotonic())

    @property
    def expired(self) -> bool:
        return self.clock.monotonic() >= self.at

    def bounded(self, seconds: float) -> "Deadline":
        """This deadline, or the one `seconds` from now if that comes first."""
        return Deadline(at=min(self.at, self.clock.monotonic() + seconds), clock=self.clock)

    def require(self) -> float:
        """The seconds left.

        Raises:
            DeadlinePassed: there are none.
        """
        remaining = self.at - self.clock.monotonic()
        if remaining <= 0:
            raise DeadlinePassed("no time left")
        return remaining
