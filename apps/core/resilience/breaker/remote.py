"""The breaker's machine in Redis: asks, and answers None while nobody is there to answer."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from apps.core.redis import RedisGone
from apps.core.resilience.breaker import scripts
from apps.core.resilience.breaker.types import (
    CLOSED,
    HALF_OPEN,
    OPEN,
    BreakerPolicy,
    Reply,
    Snapshot,
    State,
    Switched,
    Verdict,
)

if TYPE_CHECKING:
    from redis import Redis

# What the asking process believes; `local.LocalMachine.view` says what is in it.
View = tuple[str, int, int, int, int, int, int, int]


class RemoteMachine:
    def __init__(
        self, name: str, policy: BreakerPolicy, *, redis: "Callable[[], Redis | None]", key_prefix: str
    ) -> None:
        self._name, self._policy, self._redis = name, policy, redis
        # Braces keep both keys on one node of a Redis Cluster, as scripts demand.
        self._keys = (f"{key_prefix}:{{{name}}}", f"{key_prefix}:{{{name}}}:trial")
        self._scripts: dict[str, Any] = {}

    def admit(self, token: str, view: View) -> Reply | None:
        policy = self._policy
        return self._ask(
            scripts.ADMIT,
            *view[:-1],
            token,
            _ms(policy.probe_ttl_s),
            _ms(policy.trial_retry_s),
            _ms(policy.stuck_after_s),
            _ms(policy.keep_s),
            view[-1],
            _ms(policy.reset_timeout_s),
        )

    def record(self, token: str, epoch: int, verdict: Verdict, view: View) -> Reply | None:
        policy = self._policy
        return self._ask(
            scripts.RECORD,
            *view[:-1],
            token,
            epoch,
            verdict.value,
            policy.fail_max,
            policy.success_threshold,
            _ms(policy.reset_timeout_s),
            _ms(policy.reset_cap_s),
            _ms(policy.keep_s),
            view[-1],
        )

    def force(self, state: State, retry_in_s: float) -> Reply | None:
        return self._ask(scripts.FORCE, state, _ms(retry_in_s), _ms(self._policy.keep_s))

    def switch(self, to: Literal["hold", "close"]) -> tuple[Switched, Reply] | None:
        answer = self._eval(scripts.SWITCH, to, _ms(self._policy.keep_s))
        if answer is None:
            return None
        before, after, change = answer
        return Switched(self._snapshot(before), self._snapshot(after)), _reply(change)

    def snapshot(self) -> Snapshot | None:
        answer = self._eval(scripts.READ)
        return None if answer is None else self._snapshot(answer)

    def _snapshot(self, answer: list[Any]) -> Snapshot:
        reply = _reply(answer)
        changed_ms = float(answer[10])
        return Snapshot(
            name=self._name,
            state=reply.state,
            fail_count=reply.fails,
            success_count=reply.successes,
            trips=reply.trips,
            retry_in_s=reply.retry_in_s,
            open_for_s=None if reply.state == CLOSED else reply.open_for_s,
            changed_s_ago=None if changed_ms < 0 else changed_ms / 1000,
            source="shared",
            is_held=reply.is_held,
            open_total_s=float(answer[12]) / 1000,
        )

    def _ask(self, source: str, *args: str | int) -> Reply | None:
        answer = self._eval(source, *args)
        return None if answer is None else _reply(answer)

    def _eval(self, source: str, *args: str | int) -> list[Any] | None:
        client = self._redis()
        if client is None:
            return None
        script = self._scripts.get(source)
        if script is None:
            script = self._scripts[source] = client.register_script(source)
        try:
            answer: list[Any] = script(keys=self._keys, args=args, client=client)
        except RedisGone:
            return None
        return answer


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _reply(answer: list[Any]) -> Reply:
    accepted, previous, state, epoch, fails, successes, trips, retry_ms, open_ms, news = answer[:10]
    return Reply(
        accepted=bool(accepted),
        previous=_state(previous),
        state=_state(state),
        epoch=int(epoch),
        fails=int(fails),
        successes=int(successes),
        trips=int(trips),
        retry_in_s=float(retry_ms) / 1000,
        open_for_s=float(open_ms) / 1000,
        is_stuck_news=bool(news),
        is_held=bool(answer[11]),
    )


def _state(name: bytes | str) -> State:
    text = name.decode() if isinstance(name, bytes) else name
    return OPEN if text == OPEN else HALF_OPEN if text == HALF_OPEN else CLOSED
