"""The breaker's machine in process memory: the mirror of Redis' last answer, and its stand-in."""

import threading

from apps.core.resilience.breaker.types import (
    CLOSED,
    HALF_OPEN,
    OPEN,
    BreakerPolicy,
    Reply,
    Snapshot,
    State,
    Verdict,
)
from apps.core.resilience.clock import Clock


class LocalMachine:
    """The same decisions as in `scripts`, on this process' clock.

    `view()` is what Redis is told with every question, so that one that comes back empty learns it.
    """

    def __init__(self, policy: BreakerPolicy, clock: Clock) -> None:
        self._policy, self._clock = policy, clock
        self._changed_at: float | None = None
        self._state: State = CLOSED
        self._epoch = self._fails = self._successes = self._trips = 0
        self._retry_at = 0.0
        self._opened_at: float | None = None
        self._is_stuck = False
        # True from a change of state made here, without Redis, until Redis has been told.
        self._diverged = False
        self._held = False
        self._trials: dict[str, float] = {}
        self.forget()

    def forget(self) -> None:
        """The lock may have been held at a fork; what was known of the circuit is still true."""
        self._lock = threading.Lock()

    @property
    def state(self) -> State:
        return self._state

    @property
    def fails(self) -> int:
        return self._fails

    @property
    def successes(self) -> int:
        return self._successes

    def view(self) -> tuple[str, int, int, int, int, int, int, int]:
        """State, epoch, failures, trips, ms to the next trial, ms since it opened, diverged, held."""
        with self._lock:
            now = self._clock.monotonic()
            return (
                self._state,
                self._epoch,
                self._fails,
                self._trips,
                round(max(0.0, self._retry_at - now) * 1000),
                round(self._open_for_s(now) * 1000),
                int(self._diverged),
                int(self._held),
            )

    def mirror(
        self, reply: Reply, *, asked: int | None = None, trial: str | None = None, ended: str | None = None
    ) -> None:
        """Take over what Redis decided, unless a later answer came first.

        `asked` is the epoch of the view that went with the question, `trial` a token that may hold the
        one place in half-open, `ended` one that has left it.
        """
        with self._lock:
            now = self._clock.monotonic()
            if asked is not None and reply.epoch < self._epoch != asked:
                return
            if reply.epoch != self._epoch or reply.state != self._state:
                self._changed_at = now
                self._trials.clear()
            self._state, self._epoch = reply.state, reply.epoch
            self._fails, self._trips = reply.fails, reply.trips
            self._successes = 0 if reply.state == CLOSED else reply.successes
            self._retry_at = now + reply.retry_in_s
            self._opened_at = None if reply.state == CLOSED else now - reply.open_for_s
            self._diverged, self._held = False, reply.is_held
            if trial is not None and reply.state == HALF_OPEN:
                self._trials[trial] = now + self._policy.probe_ttl_s
            if ended is not None:
                self._trials.pop(ended, None)

    def admit(self, token: str) -> Reply:
        with self._lock:
            now = self._clock.monotonic()
            previous = self._state
            news = self._note_stuck(now)
            retry_in_s = max(0.0, self._retry_at - now)
            accepted = True
            if self._state == OPEN:
                if self._held:
                    accepted, retry_in_s = False, self._policy.reset_timeout_s
                elif retry_in_s > 0:
                    accepted = False
                else:
                    self._go(HALF_OPEN, now)
            if self._state == HALF_OPEN:
                accepted = self._take_place(token, now)
                retry_in_s = 0.0 if accepted else self._policy.trial_retry_s
            return self._reply(accepted, previous, self._successes, self._open_for_s(now), retry_in_s, news)

    def record(self, token: str, epoch: int, verdict: Verdict) -> Reply:
        with self._lock:
            now = self._clock.monotonic()
            previous, successes, down_s = self._state, self._successes, self._open_for_s(now)
            accepted = epoch == self._epoch
            if accepted and self._state == CLOSED:
                self._count(verdict, now)
            elif accepted and self._state == HALF_OPEN:
                accepted = self._trials.pop(token, None) is not None
                if accepted and verdict is Verdict.FAILURE:
                    self._trip(now)
                elif accepted and verdict is Verdict.SUCCESS:
                    self._successes += 1
                    successes = self._successes
                    if successes >= self._policy.success_threshold:
                        self._close(now)
            if self._state != CLOSED:
                down_s = self._open_for_s(now)
            retry_in_s = max(0.0, self._retry_at - now)
            return self._reply(accepted, previous, successes, down_s, retry_in_s)

    def force(self, state: State, retry_in_s: float) -> Reply:
        with self._lock:
            now = self._clock.monotonic()
            previous, down_s = self._state, self._open_for_s(now)
            if state == CLOSED:
                self._close(now)
                retry_in_s = 0.0
            else:
                self._go(state, now)
                self._trips = max(self._trips, 1)
                self._retry_at = now + retry_in_s
                self._opened_at = self._opened_at or now
            return self._reply(True, previous, 0, down_s, retry_in_s)  # noqa: FBT003

    def snapshot(self, name: str) -> Snapshot:
        with self._lock:
            now = self._clock.monotonic()
            return Snapshot(
                name=name,
                state=self._state,
                fail_count=self._fails,
                success_count=self._successes,
                trips=self._trips,
                retry_in_s=max(0.0, self._retry_at - now),
                open_for_s=None if self._opened_at is None else now - self._opened_at,
                changed_s_ago=None if self._changed_at is None else now - self._changed_at,
                source="local",
                is_held=self._held,
            )

    def _count(self, verdict: Verdict, now: float) -> None:
        if verdict is Verdict.SUCCESS:
            self._fails = 0
        elif verdict is Verdict.FAILURE:
            self._fails += 1
            if self._fails >= self._policy.fail_max:
                self._trip(now)

    def _take_place(self, token: str, now: float) -> bool:
        self._trials = {kept: until for kept, until in self._trials.items() if until > now}
        if self._trials:
            return False
        self._trials[token] = now + self._policy.probe_ttl_s
        return True

    def _trip(self, now: float) -> None:
        self._trips += 1
        self._go(OPEN, now)
        self._retry_at = now + self._policy.open_period_s(self._trips)
        if self._opened_at is None:
            self._opened_at = now

    def _close(self, now: float) -> None:
        self._go(CLOSED, now)
        self._fails = self._trips = 0
        self._retry_at, self._opened_at, self._is_stuck = 0.0, None, False

    def _go(self, state: State, now: float) -> None:
        self._state, self._changed_at, self._diverged = state, now, True
        self._epoch += 1
        self._successes, self._held = 0, False
        self._trials.clear()

    def _note_stuck(self, now: float) -> bool:
        if (
            self._state == CLOSED
            or self._held
            or self._is_stuck
            or self._open_for_s(now) < self._policy.stuck_after_s
        ):
            return False
        self._is_stuck = True
        return True

    def _open_for_s(self, now: float) -> float:
        return 0.0 if self._opened_at is None else now - self._opened_at

    def _reply(
        self,
        accepted: bool,  # noqa: FBT001
        previous: State,
        successes: int,
        open_for_s: float,
        retry_in_s: float,
        news: bool = False,  # noqa: FBT001, FBT002
    ) -> Reply:
        return Reply(
            accepted=accepted,
            previous=previous,
            state=self._state,
            epoch=self._epoch,
            fails=self._fails,
            successes=successes,
            trips=self._trips,
            retry_in_s=retry_in_s,
            open_for_s=open_for_s,
            is_stuck_news=news,
            is_held=self._held,
        )
