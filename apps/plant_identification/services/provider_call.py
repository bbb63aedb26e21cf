"""cache → single flight → cache → quota → breaker → HTTP → cache, written once for every provider."""

import time
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Literal

import msgspec

from apps.core.resilience.breaker import CircuitOpen, SharedBreaker
from apps.core.resilience.clock import Deadline, DeadlinePassed
from apps.core.resilience.shared_cache import SharedCache
from apps.core.resilience.single_flight import FlightTimeout, SingleFlight
from apps.plant_identification import constants, exceptions
from apps.plant_identification.exceptions import (
    ProviderCircuitOpen,
    ProviderError,
    ProviderNotAsked,
    ProviderQuotaReached,
    ProviderRefusedKey,
)
from apps.plant_identification.services.provider import Provider
from apps.plant_identification.services.quota import PastCall, QuotaLedger, question_key
from apps.plant_identification.types import Options, ProviderReply, ProviderState, Question

# A value is written anew when what it holds changes shape.
CACHE_LAYOUT = 1


class ProviderFailureCodec:
    """What one caller's failure tells the others: everything but what concerns that caller alone."""

    def encode(self, failure: Exception) -> Any | None:
        if not isinstance(failure, ProviderError) or isinstance(
            failure, ProviderCircuitOpen | ProviderNotAsked | ProviderQuotaReached
        ):
            return None
        return {"kind": type(failure).__name__, "retry_after_s": failure.retry_after_s}

    def decode(self, data: Any) -> Exception:
        kind = getattr(exceptions, str(data["kind"]), exceptions.ProviderFailed)
        failure: Exception = kind(retry_after_s=data["retry_after_s"])
        return failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    reply: ProviderReply
    state: Literal[ProviderState.ANSWERED, ProviderState.CACHED]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCall:
    """One provider behind everything that protects it, us and the budget."""

    provider: Provider
    circuit: SharedBreaker
    ledger: QuotaLedger
    cache: SharedCache
    flight: SingleFlight
    timeout_s: float
    codec: ProviderFailureCodec = field(default_factory=ProviderFailureCodec)

    def ask(self, question: Question, *, principal: str, deadline: Deadline) -> Asked:
        """The provider's reply to these photos, bought only where nobody has it yet.

        With one credit left the photos are asked without health: half an answer beats none.

        Raises:
            ProviderError: there is none; the class says why.
        """
        if not self._sells_health(question.options):
            return self._fetch(question, principal=principal, deadline=deadline, with_health=False)
        try:
            return self._fetch(question, principal=principal, deadline=deadline, with_health=True)
        except ProviderQuotaReached:
            return self._fetch(question, principal=principal, deadline=deadline, with_health=False)

    def known(self, digest: str, options: Options) -> ProviderReply | None:
        """What the cache holds for these photos; asks nobody."""
        wanted = [True, False] if self._sells_health(options) else [False]
        for with_health in wanted:
            value = self.cache.get(self._key(digest, options, with_health=with_health))
            if isinstance(value, dict) and "suggestions" in value:
                return msgspec.convert(value, ProviderReply)
        return None

    def _sells_health(self, options: Options) -> bool:
        return options.include_diseases and self.ledger.rule.health_cost > 0

    def _fetch(self, question: Question, *, principal: str, deadline: Deadline, with_health: bool) -> Asked:
        def load() -> Any:
            return msgspec.to_builtins(self._obtain(question, principal, deadline, with_health=with_health))

        try:
            result = self.flight.fetch(
                self._key(question.digest, question.options, with_health=with_health),
                load,
                wait_s=min(constants.CACHE_LOCK_TIMEOUT, deadline.require()),
                ttl_s=constants.CACHE_TIMEOUT_24_HOURS,
                failure_codec=self.codec,
            )
        except (FlightTimeout, DeadlinePassed):
            raise ProviderNotAsked("No time was left to ask.") from None
        return Asked(
            reply=msgspec.convert(result.value, ProviderReply),
            state=ProviderState.ANSWERED if result.source == "loaded" else ProviderState.CACHED,
        )

    def _obtain(
        self, question: Question, principal: str, deadline: Deadline, *, with_health: bool
    ) -> ProviderReply:
        self._heed_pause()
        deadline.require()
        paid_for = self._paid_for(question.digest, question.options)
        with _Guard(self):  # before the ledger: for a call that is not made nothing is reserved
            # Not the caller's deadline: what is paid for is worth having even when it comes late.
            until = Deadline.after(self.timeout_s)
            past = self.ledger.find_past_call(question_key=paid_for, with_health=with_health)
            if past is not None and (reply := self._fetch_again(past, question, until)) is not None:
                return reply if with_health else replace(reply, health=None)
            return self._buy(question, principal, paid_for, until, with_health=with_health)

    def _fetch_again(self, past: PastCall, question: Question, until: Deadline) -> ProviderReply | None:
        """A reply that was paid for and lies at the service: after a lost connection, a killed worker,
        an emptied cache, or in another language. Free."""
        reply = self.provider.fetch_again(
            custom_id=past.id,
            access_token=past.access_token or None,
            options=question.options,
            deadline=until.bounded(constants.FETCH_AGAIN_TIMEOUT_S),
        )
        if reply is None:
            self.ledger.forget_past_call(past.id)
        elif not past.access_token:
            self.ledger.settle_answered(past.id, access_token=reply.access_token)
        return reply

    def _buy(
        self, question: Question, principal: str, paid_for: str, until: Deadline, *, with_health: bool
    ) -> ProviderReply:
        reservation = self.ledger.reserve(question_key=paid_for, principal=principal, with_health=with_health)
        try:
            reply = self.provider.identify(
                question,
                custom_id=reservation,
                with_health=with_health,
                deadline=until,
            )
        except ProviderError as failure:
            self.ledger.settle_failed(reservation, failure)
            raise
        self.ledger.settle_answered(reservation, access_token=reply.access_token)
        if reply.remaining_calls is not None:
            self.ledger.note_remaining(reply.remaining_calls)
        return reply

    def is_paused(self) -> bool:
        try:
            self._heed_pause()
        except ProviderError:
            return True
        return False

    def _heed_pause(self) -> None:
        pause = self.cache.get(self._pause_key)
        if isinstance(pause, dict) and (left_s := pause["until"] - time.time()) > 0:
            kind = ProviderRefusedKey if pause["kind"] == "ProviderRefusedKey" else ProviderQuotaReached
            raise kind(retry_after_s=left_s)

    def pause(self, failure: ProviderError) -> None:
        """A refused key or an empty account stays so for a while; asking again only annoys the service."""
        if isinstance(failure, ProviderRefusedKey):
            seconds: float = constants.KEY_REFUSED_PAUSE_S
        else:
            seconds = failure.retry_after_s or constants.QUOTA_PAUSE_S
        failure.retry_after_s = seconds
        self.cache.set(
            self._pause_key, {"kind": type(failure).__name__, "until": time.time() + seconds}, ttl_s=seconds
        )

    @property
    def _pause_key(self) -> str:
        return f"{self.provider.name}:{self.provider.api_version}:{self.provider.host}:pause"

    def _key(self, digest: str, options: Options, *, with_health: bool) -> str:
        provider = self.provider
        version = f"{provider.api_version}-{provider.parser_version}.{CACHE_LAYOUT}"
        spelled = provider.spell_options(options, with_health=with_health)
        return f"{provider.name}:{version}:{provider.host}:{digest}:{spelled}"

    def _paid_for(self, digest: str, options: Options) -> str:
        """Names what a paid call covers: the language does not matter, the place does."""
        return question_key(digest, str(options.latitude), str(options.longitude), options.project)


class _Guard:
    """The breaker around one call; its refusal becomes a provider's state."""

    def __init__(self, call: ProviderCall) -> None:
        self._call = call
        self._context = call.circuit.calling()

    def __enter__(self) -> None:
        try:
            self._context.__enter__()
        except CircuitOpen as refusal:
            raise ProviderCircuitOpen(retry_after_s=refusal.retry_after_s) from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        # Our own ledger says no for one user or until the window ends; the service for everybody.
        if isinstance(value, ProviderRefusedKey | ProviderQuotaReached) and value.status_code is not None:
            self._call.pause(value)
        return self._context.__exit__(kind, value, traceback)
