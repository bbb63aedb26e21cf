"""pybreaker's circuit breaker with the decisions moved out of the process."""

import contextlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

import pybreaker

from apps.core.redis import get_redis
from apps.core.resilience.breaker.local import LocalMachine
from apps.core.resilience.breaker.remote import RemoteMachine
from apps.core.resilience.breaker.types import (
    CLOSED,
    HALF_OPEN,
    OPEN,
    BreakerListener,
    BreakerPolicy,
    CircuitOpen,
    Reply,
    Snapshot,
    State,
    Switched,
    SwitchUnreachable,
    Transition,
    Verdict,
)
from apps.core.resilience.clock import SYSTEM_CLOCK, Clock
from apps.core.resilience.forking import forget_after_fork

if TYPE_CHECKING:
    from redis import Redis

P = ParamSpec("P")
T = TypeVar("T")


class SharedBreaker(pybreaker.CircuitBreaker):  # type: ignore[misc]
    """Opens for all processes when calls fail in any, and lets one of them try again.

    pybreaker's own machine holds a lock while the call runs, which would queue all callers behind
    the slowest, and lets everybody through in half-open. Here a call is one question before and
    one statement after, each atomic in Redis; in between nothing is held. While Redis is away the
    process decides alone, from what it last knew, and tells Redis when it is back.

    Raised exceptions count as failures, except: `neutral` ones and those that are no `Exception`
    count as nothing at all; `exclude`d ones count as success, as pybreaker has it.
    """

    def __init__(
        self,
        name: str,
        policy: BreakerPolicy,
        *,
        exclude: Sequence[type[Exception] | Callable[[Exception], bool]] = (),
        neutral: Sequence[type[Exception]] = (),
        listeners: Sequence[pybreaker.CircuitBreakerListener] = (),
        redis: "Callable[[], Redis | None]" = get_redis,
        clock: Clock = SYSTEM_CLOCK,
        key_prefix: str = "cb",
    ) -> None:
        self.policy = policy
        self.neutral = tuple(neutral)
        self._remote = RemoteMachine(name, policy, redis=redis, key_prefix=key_prefix)
        self._local = LocalMachine(policy, clock)
        forget_after_fork(self._local)
        super().__init__(
            fail_max=policy.fail_max,
            reset_timeout=policy.reset_timeout_s,
            success_threshold=policy.success_threshold,
            exclude=list(exclude),
            listeners=list(listeners),
            name=name,
            throw_new_error_on_trip=False,
        )

    # -- calling -----------------------------------------------------------------------------------

    def call(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """
        Raises:
            CircuitOpen: the call was not made.
        """
        with self._guarding(func, args, kwargs):
            return func(*args, **kwargs)

    @contextlib.contextmanager
    def calling(self) -> Iterator[None]:
        """The block is the call.

        Raises:
            CircuitOpen: before the block.
        """
        with self._guarding(None, (), {}):
            yield

    def call_async(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("outside calls run in threads here")

    @contextlib.contextmanager
    def _guarding(self, func: Any, args: Any, kwargs: Any) -> Iterator[None]:
        token = secrets.token_hex(8)
        admitted, by_redis = self._admit(token)
        for listener in self.listeners:
            listener.before_call(self, func, *args, **kwargs)
        verdict, error = Verdict.NEUTRAL, None
        try:
            yield
            verdict = Verdict.SUCCESS
        except Exception as exc:
            verdict, error = self._judge(exc), exc
            raise
        finally:
            self._record(token, admitted.epoch, verdict, error, by_redis=by_redis)

    def _judge(self, exc: Exception) -> Verdict:
        if isinstance(exc, self.neutral):
            return Verdict.NEUTRAL
        return Verdict.FAILURE if self.is_system_error(exc) else Verdict.SUCCESS

    def is_system_error(self, exception: Exception) -> bool:
        # pybreaker takes a class with a metaclass, such as an ABC, for a predicate, and calls it.
        return not any(
            isinstance(exception, entry) if isinstance(entry, type) else entry(exception)
            for entry in self.excluded_exceptions
        )

    # -- the two questions ---------------------------------------------------------------------------

    def _admit(self, token: str) -> tuple[Reply, bool]:
        view = self._local.view()
        reply = self._remote.admit(token, view)
        by_redis = reply is not None
        if reply is None:
            reply = self._local.admit(token)
        else:
            self._local.mirror(reply, asked=view[1], trial=token if reply.accepted else None)
        self._tell_change(reply)
        if reply.is_stuck_news:
            for listener in self._own_listeners():
                listener.circuit_stuck(self, reply.open_for_s)
        if not reply.accepted:
            rejection = CircuitOpen(self.name, reply.retry_in_s)
            for listener in self._own_listeners():
                listener.call_rejected(self, rejection)
            raise rejection
        return reply, by_redis

    def _record(
        self, token: str, epoch: int, verdict: Verdict, error: Exception | None, *, by_redis: bool
    ) -> None:
        # What was admitted without Redis is decided without it: its token is unknown there.
        view = self._local.view()
        reply = self._remote.record(token, epoch, verdict, view) if by_redis else None
        if reply is None:
            reply = self._local.record(token, epoch, verdict)
        else:
            self._local.mirror(reply, asked=view[1], ended=token)
        self._tell_result(verdict, reply, error)
        self._tell_change(reply)

    # -- looking and switching -----------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """What Redis knows of the circuit now; asking never admits a trial."""
        return self._remote.snapshot() or self._local.snapshot(self.name)

    def force_open(self, for_s: float | None = None) -> None:
        """Open for this long, or for the first open period."""
        self._force(OPEN, self.policy.reset_timeout_s if for_s is None else for_s)

    def force_closed(self) -> None:
        self._force(CLOSED, 0.0)

    reset = force_closed

    def hold_open(self) -> Switched:
        """Open in all processes until `close_for_all`: neither time nor a late success ends it.

        Raises:
            SwitchUnreachable: nothing was changed.
        """
        return self._switch("hold")

    def close_for_all(self) -> Switched:
        """Closed in all processes, with nothing counted; ends a hold.

        Raises:
            SwitchUnreachable: nothing was changed.
        """
        return self._switch("close")

    def _switch(self, to: Literal["hold", "close"]) -> Switched:
        answer = self._remote.switch(to)
        if answer is None:
            raise SwitchUnreachable(self.name)
        switched, reply = answer
        self._local.mirror(reply)
        self._tell_change(reply, is_by_hand=True)
        return switched

    def _force(self, state: State, retry_in_s: float) -> None:
        reply = self._remote.force(state, retry_in_s)
        if reply is None:
            reply = self._local.force(state, retry_in_s)
        else:
            self._local.mirror(reply)
        self._tell_change(reply)

    # -- pybreaker's face: this process' mirror, without I/O ---------------------------------------------

    def open(self) -> bool:
        self.force_open()
        return False

    def close(self) -> None:
        self.force_closed()

    def half_open(self) -> None:
        self._force(HALF_OPEN, 0.0)

    @property
    def current_state(self) -> str:
        """As this process last heard; `snapshot()` asks."""
        return self._local.state

    @property
    def state(self) -> pybreaker.CircuitBreakerState:
        return pybreaker.CircuitBreakerState(self, self._local.state)

    @property
    def fail_counter(self) -> int:
        return self._local.fails

    @property
    def success_counter(self) -> int:
        return self._local.successes

    # -- listeners -----------------------------------------------------------------------------------

    def _own_listeners(self) -> list[BreakerListener]:
        return [listener for listener in self.listeners if isinstance(listener, BreakerListener)]

    def _tell_result(self, verdict: Verdict, reply: Reply, error: Exception | None) -> None:
        for listener in self.listeners:
            if verdict is Verdict.SUCCESS:
                listener.success(self)
            elif verdict is Verdict.FAILURE:
                listener.failure(self, error)
        for own in self._own_listeners():
            own.call_recorded(self, verdict, reply, error)

    def _tell_change(self, reply: Reply, *, is_by_hand: bool = False) -> None:
        if reply.state == reply.previous:
            return
        change = Transition(
            old=reply.previous,
            new=reply.state,
            fail_count=reply.fails,
            retry_in_s=reply.retry_in_s,
            trips=reply.trips,
            downtime_s=reply.open_for_s,
            is_by_hand=is_by_hand,
        )
        for listener in self.listeners:
            listener.state_change(
                self,
                pybreaker.CircuitBreakerState(self, change.old),
                pybreaker.CircuitBreakerState(self, change.new),
            )
        for own in self._own_listeners():
            own.circuit_changed(self, change)
