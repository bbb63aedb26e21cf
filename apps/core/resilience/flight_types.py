"""What a caller of `single_flight` gives and gets."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, Protocol, TypeVar

from apps.core.resilience.clock import Deadline
from apps.core.resilience.locks import get_lock_id

T = TypeVar("T")


class FlightTimeout(Exception):
    """Somebody else is still loading, and the caller's time is up. Nothing was loaded on its behalf."""


class FailureCodec(Protocol):
    """How a failed load is told to those who waited for it, in other processes too."""

    def encode(self, failure: Exception) -> Any | None:
        """As JSON; None where the failure is the loader's own affair and the others must try themselves."""

    def decode(self, data: Any) -> Exception:
        """A new exception each time: one that many threads raise would collect all their tracebacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightPolicy:
    """A holder that dies is replaced after `expire_s`; a living one renews every `renew_every_s`."""

    expire_s: int = 10
    renew_every_s: float = 3.0
    poll_s: tuple[float, float] = (0.02, 0.06)  # one caller of a process asks for all its others
    failure_ttl_s: float = 5.0
    id_prefix: str = "flight"
    # False: give up at once instead of following a holder.
    blocking: bool = True
    auto_renewal: bool = True


Source = Literal["cached", "followed", "loaded"]
# "followed" is also whoever waited for what became a failure; "told", who came just after it.
End = Literal["cached", "told", "followed", "loaded", "timed_out"]


class FlightWatcher(Protocol):
    def ended(self, end: End, *, waited_s: float) -> None:
        """Once per caller. `waited_s` went by before it had an answer, or began to load itself."""


class NobodyWatches:
    def ended(self, end: End, *, waited_s: float) -> None:
        pass


@dataclass(frozen=True, slots=True)
class FlightResult(Generic[T]):
    value: T
    source: Source


@dataclass(frozen=True)
class Flight(Generic[T]):
    """One caller's wish."""

    key: str
    lock_key: str
    id_prefix: str
    load: Callable[[], T]
    started_at: float
    deadline: Deadline
    ttl_s: Callable[[T], float]
    codec: FailureCodec | None

    @cached_property
    def lock_id(self) -> str:
        """Made for those who go as far as the lock."""
        return get_lock_id(self.id_prefix)

    def waited_s(self) -> float:
        return self.deadline.clock.monotonic() - self.started_at
