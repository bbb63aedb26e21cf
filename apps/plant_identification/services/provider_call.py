"""cache → single flight → cache → breaker → quota → HTTP → cache, written once for every provider."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import TracebackType
from typing import Any

import msgspec
from django.db import DatabaseError, InterfaceError

from apps.core.converting import make_ready
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
)
from apps.plant_identification.metrics import counted_call
from apps.plant_identification.services.provider import Provider
from apps.plant_identification.services.provider_pause import ProviderPause
from apps.plant_identification.services.quota import PastCall, QuotaLedger, question_key
from apps.plant_identification.types import Options, ProviderReply, ProviderState, Question

logger = logging.getLogger(__name__)

make_ready(ProviderReply)  # here, too: whoever asks a provider need not know the service above

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
    is_fresh: bool

    @property
    def state(self) -> ProviderState:
        return ProviderState.ANSWERED if self.is_fresh else ProviderState.CACHED


@dataclass(frozen=True, kw_only=True)
class ProviderCall:
    """One provider behind everything that protects it, us and the budget."""

    provider: Provider
    circuit: SharedBreaker
    ledger: QuotaLedger
    cache: SharedCache
    flight: SingleFlight
    timeout_s: float
    ledger_turns: threading.Semaphore  # shared by the providers of a process
    codec: ProviderFailureCodec = field(default_factory=ProviderFailureCodec)

    def ask(self, question: Question, *, principal: str, deadline: Deadline) -> Asked:
        """The provider's reply to these photos, bought only where nobody has it yet.

        With one credit left the photos are asked without health: half an answer beats none.

        Raises:
            ProviderError: there is none; the class says why.
        """
        if not self._wants_health(question.options):
            return self._fetch(question, principal=principal, deadline=deadline, with_health=False)
        try:
            return self._fetch(question, principal=principal, deadline=deadline, with_health=True)
        except ProviderQuotaReached:
            return self._fetch(question, principal=principal, deadline=deadline, with_health=False)

    def known(self, question: Question) -> ProviderReply | None:
        """What the cache holds for these photos; asks nobody."""
        for key in self.keys(question):
            value = self.cache.get(key)
            if value is not None and (reply := _read(value)) is not None:
                return reply
        return None

    def keys(self, question: Question) -> list[str]:
        """Where the cache may hold a reply to these photos, the fullest first."""
        wanted = [True, False] if self._wants_health(question.options) else [False]
        return [self._key(question, with_health=with_health) for with_health in wanted]

    @cached_property
    def pause(self) -> ProviderPause:
        return ProviderPause(provider=self.provider, ledger=self.ledger, cache=self.cache)

    @property
    def version(self) -> str:
        """Changes whenever the same reply would be read or kept differently."""
        return f"{self.provider.api_version}-{self.provider.parser_version}.{CACHE_LAYOUT}"

    def _wants_health(self, options: Options) -> bool:
        return options.include_diseases and self.provider.assesses_health

    def _fetch(self, question: Question, *, principal: str, deadline: Deadline, with_health: bool) -> Asked:
        def load() -> Any:
            return msgspec.to_builtins(self._obtain(question, principal, deadline, with_health=with_health))

        key = self._key(question, with_health=with_health)
        try:
            result = self.flight.fetch(
                key,
                load,
                wait_s=min(constants.CACHE_LOCK_TIMEOUT, deadline.require()),
                ttl_s=constants.CACHE_TIMEOUT_24_HOURS,
                failure_codec=self.codec,
                # One lock for all languages: a sibling waits, and then fetches for free what was bought.
                lock_key=f"buy:{self.ledger.account}:{self._paid_for(question)}",
            )
        except (FlightTimeout, DeadlinePassed):
            raise ProviderNotAsked("No time was left to ask.") from None
        reply = _read(result.value)
        if reply is None:  # kept by another version of this program
            self.cache.delete(key)
            return self._fetch(question, principal=principal, deadline=deadline, with_health=with_health)
        return Asked(reply=reply, is_fresh=result.source == "loaded")

    def _obtain(
        self, question: Question, principal: str, deadline: Deadline, *, with_health: bool
    ) -> ProviderReply:
        self.pause.heed()
        deadline.require()
        with _Guard(self):  # before the ledger: for a call that is not made nothing is reserved
            # Not the caller's deadline: what is paid for is worth having even when it comes late.
            until = Deadline.after(self.timeout_s)
            with self._turn_at_the_ledger(deadline):
                found = self.ledger.find_or_reserve(
                    question_key=self._paid_for(question), principal=principal, with_health=with_health
                )
            if isinstance(found, PastCall):
                reply = self._fetch_again(found, question, until)
                if reply is not None:
                    return reply if with_health else replace(reply, health=None)
                found = self.ledger.reserve(
                    question_key=self._paid_for(question), principal=principal, with_health=with_health
                )
            return self._buy(question, found, until, with_health=with_health)

    @contextmanager
    def _turn_at_the_ledger(self, deadline: Deadline) -> Iterator[None]:
        """First come, first served: sharing the processor fairly would send every call late.

        It also bounds how many database connections provider threads take at once.
        """
        if not self.ledger_turns.acquire(timeout=deadline.require()):
            raise ProviderNotAsked("No time was left to ask.")
        try:
            yield
        finally:
            self.ledger_turns.release()

    def _fetch_again(self, past: PastCall, question: Question, until: Deadline) -> ProviderReply | None:
        """A reply that was paid for and lies at the service: after a lost connection, a killed worker,
        an emptied cache, or in another language. Free."""
        with counted_call(self.provider.name):
            reply = self.provider.fetch_again(
                custom_id=past.id,
                access_token=past.access_token or None,
                options=question.options,
                deadline=until.bounded(constants.FETCH_AGAIN_TIMEOUT_S),
            )
        if reply is None:
            self.ledger.forget_past_call(past)
        elif not past.access_token:
            self._settle_answered(past.id, reply)
        return reply

    def _buy(
        self, question: Question, reservation: int, until: Deadline, *, with_health: bool
    ) -> ProviderReply:
        try:
            with counted_call(self.provider.name):
                reply = self.provider.identify(
                    question, custom_id=reservation, with_health=with_health, deadline=until
                )
        except ProviderError as failure:
            self.ledger.settle_failed(reservation, failure)
            raise
        self._settle_answered(reservation, reply)
        return reply

    def _settle_answered(self, reservation: int, reply: ProviderReply) -> None:
        """A reply that was paid for is not thrown away because the database has just gone."""
        try:
            self.ledger.settle_answered(
                reservation, access_token=reply.access_token, remaining=reply.remaining_calls
            )
        except (DatabaseError, InterfaceError) as exc:
            event = {"event": "call_not_settled", "provider": self.provider.name}
            logger.error(  # noqa: TRY400
                event["event"], extra={**event, "reservation": reservation, "error": type(exc).__name__}
            )

    def _key(self, question: Question, *, with_health: bool) -> str:
        provider = self.provider
        spelled = provider.spell_options(question.options, with_health=with_health)
        return f"{provider.name}:{self.version}:{provider.host}:{self._digest(question)}:{spelled}"

    def _paid_for(self, question: Question) -> str:
        """Names what a paid call covers: the language does not matter, the place does."""
        options = question.options
        return question_key(self._digest(question), str(options.latitude), str(options.longitude))

    def _digest(self, question: Question) -> str:
        return question.digest if self.provider.looks_at_organs else question.photo_digest


def _read(value: Any) -> ProviderReply | None:
    try:
        return msgspec.convert(value, ProviderReply)
    except msgspec.ValidationError:
        return None


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
        self._call.pause.note(value)
        return self._context.__exit__(kind, value, traceback)
