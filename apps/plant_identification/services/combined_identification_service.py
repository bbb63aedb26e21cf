"""The one way from photos to an identification: REST, tasks and commands only translate to and from it."""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
from django.db import IntegrityError

from apps.core.background import enqueue
from apps.core.codes import ErrorCode
from apps.core.db import release_connection
from apps.core.exceptions import FieldError
from apps.core.resilience.clock import Deadline, DeadlinePassed
from apps.core.resilience.single_flight import FlightTimeout
from apps.plant_identification import constants
from apps.plant_identification.exceptions import (
    IdentificationBusy,
    IdentificationUnavailable,
)
from apps.plant_identification.services.answers import (
    KeptAnswer,
    answer_key,
    cache_ttl_s,
    find_stale_answer,
    merge_outcomes,
    save_answer,
)
from apps.plant_identification.services.fan_out import FanOut, ask_all
from apps.plant_identification.services.photos import (
    Inspected,
    PhotoNotAccepted,
    delete_photos,
    inspect_uploads,
    keep_photo_set,
    prepare_photos,
    write_photos,
)
from apps.plant_identification.services.records import (
    Identification,
    User,
    principal_of,
    save_queued,
    save_record,
)
from apps.plant_identification.services.registry import Registry, registry
from apps.plant_identification.types import Options, ProviderState, Question, Upload

logger = logging.getLogger(__name__)

DEFAULT_RETRY_AFTER_S = 30
COMPLETE_ANSWER = "plant_identification.complete_answer"  # a task's name: services do not import tasks


class AnswerFailureCodec:
    """Failures that hold for everybody who asks the same; a limit reached is one caller's own."""

    def encode(self, failure: Exception) -> Any | None:
        if not isinstance(failure, PhotoNotAccepted | IdentificationUnavailable):
            return None
        return {
            "code": failure.code.value,
            "detail": failure.detail,
            "retry_after_s": failure.retry_after_s,
            "errors": [[error.field, error.code, error.message] for error in failure.errors],
        }

    def decode(self, data: Any) -> Exception:
        code = ErrorCode(data["code"])
        kind = IdentificationUnavailable if code is ErrorCode.PROVIDER_UNAVAILABLE else PhotoNotAccepted
        errors = [FieldError(*error) for error in data["errors"]]
        return kind(data["detail"], code=code, retry_after_s=data["retry_after_s"], errors=errors)


class _Admission:
    """Counts an accepted request against its caller's limit, once."""

    def __init__(self, count: Callable[[], None]) -> None:
        self._count = count
        self._counted = False

    def count(self) -> None:
        """
        Raises:
            LimitReached: the room that was there when the request came is gone.
        """
        if not self._counted:
            self._counted = True
            self._count()


class CombinedPlantIdentificationService:
    """Asks all configured providers and merges what they say."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def identify_plant(
        self,
        photos: Sequence[Upload],
        options: Options,
        user: User,
        *,
        count: Callable[[], None] = lambda: None,
        may_queue: bool = False,
    ) -> Identification:
        """Photos in, one merged and stored answer out.

        `count` is called once when the request turns out to be a good one, before anything is paid for; it
        raises `LimitReached` when the caller's limit is used up. With `may_queue` an identification
        that no provider can make now is stored with status `queued` instead of failing.

        Raises:
            PhotoNotAccepted: a photo cannot be used; nothing was asked or stored.
            LimitReached: `count` said so.
            IdentificationBusy: no room, or another call for these photos outlasts this caller.
            IdentificationUnavailable: no provider answered, and nothing older is known.
        """
        started = time.monotonic()
        deadline = Deadline.after(constants.IDENTIFY_DEADLINE_S)
        admission = _Admission(count)
        inspected = inspect_uploads(photos)

        def answer() -> Any:
            prepared = prepare_photos(inspected)
            admission.count()
            question = Question(digest=inspected.digest, photos=prepared, options=options)
            return msgspec.to_builtins(self.answer_question(question, principal_of(user), deadline))

        try:
            kept, cache = self._kept_or(answer, inspected.digest, options, deadline)
        except (IdentificationUnavailable, IdentificationBusy):
            if not may_queue:
                raise
            admission.count()
            return self._queue(inspected, options, user)
        admission.count()
        timings = {"total_ms": round((time.monotonic() - started) * 1000)}
        save = partial(save_record, user=user, digest=inspected.digest, options=options, timings=timings)
        try:
            return save(kept=kept, cache=cache)
        except IntegrityError:
            # The answer's last record was deleted between the cache and here: it is no answer any more.
            self._registry.cache.delete(answer_key(self._registry, inspected.digest, options))
            kept = msgspec.convert(answer(), KeptAnswer)
            return save(kept=kept, cache="miss")

    def _kept_or(
        self, answer: Callable[[], Any], digest: str, options: Options, deadline: Deadline
    ) -> tuple[KeptAnswer, str]:
        try:
            result = self._registry.flight.fetch(
                answer_key(self._registry, digest, options),
                answer,
                wait_s=deadline.remaining_s(),
                ttl_s=lambda kept: cache_ttl_s(kept["document"]),
                failure_codec=AnswerFailureCodec(),
            )
        except (FlightTimeout, DeadlinePassed):
            raise IdentificationBusy(
                "This photo is still being identified. Please ask again in a moment.", retry_after_s=5
            ) from None
        return msgspec.convert(result.value, KeptAnswer), "miss" if result.source == "loaded" else "hit"

    def answer_shared(self, question: Question, principal: str, deadline: Deadline) -> KeptAnswer:
        """The same for photos that are already prepared: from the queue, or a batch."""

        def answer() -> Any:
            return msgspec.to_builtins(self.answer_question(question, principal, deadline))

        return self._kept_or(answer, question.digest, question.options, deadline)[0]

    def answer_question(self, question: Question, principal: str, deadline: Deadline) -> KeptAnswer:
        """Ask, merge and store; an old answer where nobody answers now.

        Raises:
            IdentificationBusy, IdentificationUnavailable, PhotoNotAccepted
        """
        if not self._registry.providers:
            raise IdentificationUnavailable(retry_after_s=DEFAULT_RETRY_AFTER_S)
        release_connection()  # others need it more than a request that waits for outside services
        fan_out = ask_all(self._registry.providers, question, principal=principal, deadline=deadline)
        if all(outcome.reply is None for outcome in fan_out.outcomes):
            return self._without_answer(question, fan_out)
        paths = write_photos(question.photos)
        try:
            return self._keep(question, fan_out, paths)
        except Exception:
            delete_photos(paths)
            raise

    def _keep(self, question: Question, fan_out: FanOut, paths: list[str]) -> KeptAnswer:
        document = merge_outcomes(self._registry, fan_out.outcomes, options=question.options)
        replies = [outcome.reply for outcome in fan_out.outcomes if outcome.reply]
        kept = save_answer(self._registry, question, document, replies, photo_paths=paths)
        # Where no worker hears it, the record is completed when it is read next.
        fan_out.when_the_rest_arrives(lambda: enqueue(COMPLETE_ANSWER, kept.answer_id))
        return kept

    def _without_answer(self, question: Question, fan_out: FanOut) -> KeptAnswer:
        states = {outcome.state for outcome in fan_out.outcomes}
        if states == {ProviderState.REFUSED_PHOTO}:
            message = "The identification services could not read this photo. Please try another one."
            raise PhotoNotAccepted(
                message,
                code=ErrorCode.IMAGE_UNREADABLE,
                errors=[FieldError("image", ErrorCode.IMAGE_UNREADABLE, message)],
            )
        stale = find_stale_answer(self._registry, question.digest, question.options)
        if stale is not None:
            return stale
        waits = [outcome.retry_after_s for outcome in fan_out.outcomes if outcome.retry_after_s]
        raise IdentificationUnavailable(retry_after_s=min(waits, default=DEFAULT_RETRY_AFTER_S))

    def _queue(self, inspected: Inspected, options: Options, user: User) -> Identification:
        photos = prepare_photos(inspected)
        photo_set = keep_photo_set(inspected.digest, photos, write_photos(photos))
        return save_queued(user=user, digest=inspected.digest, options=options, photo_set=photo_set)


def get_service() -> CombinedPlantIdentificationService:
    return CombinedPlantIdentificationService(registry())
