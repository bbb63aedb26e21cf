"""Asking every provider at once, and knowing when to stop waiting."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from apps.core.resilience.clock import Deadline, DeadlinePassed
from apps.core.resilience.pool import PoolFull
from apps.plant_identification import constants
from apps.plant_identification.exceptions import (
    IdentificationBusy,
    ProviderError,
    ProviderNotAsked,
    ProviderShareReached,
)
from apps.plant_identification.services.provider_call import Asked
from apps.plant_identification.services.registry import ConfiguredProvider
from apps.plant_identification.types import ProviderOutcome, ProviderState, Question

logger = logging.getLogger(__name__)

BUSY_RETRY_AFTER_S = 2
AT_ONCE_S = 0.2  # a refusal by an open circuit, a reply from the cache; no service reads a photo so fast


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOut:
    """How each provider answered, in the registry's order, and the calls still running."""

    outcomes: tuple[ProviderOutcome, ...]
    late: tuple[Future[Asked], ...]

    def when_the_rest_arrives(self, do: Callable[[], object]) -> None:
        """Run `do` in the provider's thread after each late reply; it must be quick and must not raise."""
        for future in self.late:
            future.add_done_callback(lambda done: do() if _has_reply(done) else None)


class _Call:
    """A call under way, and how long it took: its own time, not that of whom it is awaited with."""

    def __init__(self, provider: ConfiguredProvider, future: Future[Asked]) -> None:
        self.provider = provider
        self.future = future
        self._started = time.monotonic()
        self._ended: float | None = None
        future.add_done_callback(self._end)

    @property
    def latency_ms(self) -> int:
        # Whoever waits for the future may be told a moment before this is.
        ended = time.monotonic() if self._ended is None else self._ended
        return round((ended - self._started) * 1000)

    def _end(self, _: Future[Asked]) -> None:
        self._ended = time.monotonic()


def ask_all(
    providers: tuple[ConfiguredProvider, ...],
    question: Question,
    *,
    principal: str,
    deadline: Deadline,
    meanwhile: Callable[[], bool] = lambda: True,
) -> FanOut:
    """`meanwhile` is called where a service takes its time: not where all answer or refuse at once. When it
    returns False because this is no good moment, it is called again in a while.

    Raises:
        IdentificationBusy: a provider's pool is full; what was not started yet is called off.
    """
    calls = _submit(providers, question, principal, deadline)
    _await(calls, deadline, meanwhile)
    outcomes = {call.provider.name: _outcome(call) for call in calls}
    late = tuple(call.future for call in calls if not call.future.done())
    return FanOut(outcomes=tuple(outcomes[provider.name] for provider in providers), late=late)


def _submit(
    providers: tuple[ConfiguredProvider, ...], question: Question, principal: str, deadline: Deadline
) -> list[_Call]:
    calls: list[_Call] = []
    for provider in providers:
        try:
            future = provider.pool.submit_before(
                deadline, provider.call.ask, question, principal=principal, deadline=deadline
            )
        except PoolFull:
            for call in calls:
                call.future.cancel()
            logger.warning("provider_pool_full", extra={"event": "provider_pool_full", "pool": provider.name})
            raise IdentificationBusy(retry_after_s=BUSY_RETRY_AFTER_S) from None
        calls.append(_Call(provider, future))
    return calls


def _await(calls: list[_Call], deadline: Deadline, meanwhile: Callable[[], bool]) -> None:
    """Until all have answered, the time is up, or only free ones are missing to a sure paid answer."""
    missing = {call.future for call in calls}
    until = deadline
    pause: Deadline | None = deadline.bounded(AT_ONCE_S)
    while missing and not until.expired:
        patience_s = min(until.remaining_s(), pause.remaining_s()) if pause else until.remaining_s()
        _, missing = wait(missing, timeout=patience_s, return_when=FIRST_COMPLETED)
        paid = [call.future for call in calls if call.provider.is_paid]
        if any(map(_is_sure, paid)) and not missing.intersection(paid):
            until = until.bounded(constants.IDENTIFY_GRACE_S)
        if pause and pause.expired and missing:
            pause = None if meanwhile() else deadline.bounded(AT_ONCE_S)


def _is_sure(future: Future[Asked]) -> bool:
    if not _has_reply(future):
        return False
    suggestions = future.result().reply.suggestions
    return bool(suggestions) and suggestions[0].score >= constants.IDENTIFY_GRACE_CONFIDENCE


def _has_reply(future: Future[Asked]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _outcome(call: _Call) -> ProviderOutcome:
    name = call.provider.name
    if not call.future.done():
        return ProviderOutcome(provider=name, state=ProviderState.PENDING, lacked_time=True)
    try:
        asked = call.future.result()
    except ProviderError as failure:
        return ProviderOutcome(
            provider=name,
            state=failure.state,
            latency_ms=call.latency_ms,
            retry_after_s=_whole(failure.retry_after_s),
            is_personal=isinstance(failure, ProviderShareReached),
            lacked_time=isinstance(failure, ProviderNotAsked),
        )
    except DeadlinePassed:
        return ProviderOutcome(
            provider=name, state=ProviderState.TIMED_OUT, latency_ms=call.latency_ms, lacked_time=True
        )
    except Exception:
        # A bug, or the database gone under the ledger: loud, but the others' answers stand.
        logger.exception("provider_call_broke", extra={"event": "provider_call_broke", "provider": name})
        return ProviderOutcome(provider=name, state=ProviderState.FAILED, latency_ms=call.latency_ms)
    return ProviderOutcome(provider=name, state=asked.state, reply=asked.reply, latency_ms=call.latency_ms)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else max(1, round(seconds))
