"""The one way from photos to an identification: REST, tasks and commands only translate to and from it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction

from apps.core.background import enqueue
from apps.core.codes import ErrorCode
from apps.core.converting import make_ready
from apps.core.db import release_connection
from apps.core.exceptions import FieldError
from apps.core.fleet.counts import COUNTS
from apps.core.resilience.clock import Deadline, DeadlinePassed
from apps.core.resilience.single_flight import FlightTimeout
from apps.core.sentences import Sentence
from apps.plant_identification import constants
from apps.plant_identification.exceptions import IdentificationBusy, IdentificationUnavailable
from apps.plant_identification.metrics import ANONYMOUS, counted_identification
from apps.plant_identification.services.answer_failures import AnswerFailureCodec
from apps.plant_identification.services.answers import (
    KeptAnswer,
    answer_key,
    cache_ttl_s,
    find_partial_answer,
    find_stale_answer,
    merge_outcomes,
    save_answer,
)
from apps.plant_identification.services.experiments import Assignment, assign
from apps.plant_identification.services.fan_out import FanOut, ask_all
from apps.plant_identification.services.limits import Admission
from apps.plant_identification.services.photos import (
    Decoder,
    Inspected,
    PhotoKeeper,
    PhotoNotAccepted,
    inspect_uploads,
    keep_photos,
    perceptual_hashes_of,
)
from apps.plant_identification.services.records import (
    Identification,
    Keep,
    User,
    principal_of,
    save_queued,
    save_record,
)
from apps.plant_identification.services.registry import Registry, registry
from apps.plant_identification.services.similar_photos import (
    copy_answer,
    find_similar_answer,
    note_fingerprint,
)
from apps.plant_identification.types import (
    Options,
    PreparedPhoto,
    ProviderReply,
    ProviderState,
    Question,
    Upload,
)
from apps.users.public import tier_of

make_ready(KeptAnswer, Options, ProviderReply)

DEFAULT_RETRY_AFTER_S = 30
STILL_UNDER_WAY_RETRY_AFTER_S = 5
DECODING_S = 15  # for photos that go into the queue after their request's own time has passed
COMPLETE_ANSWER = "plant_identification.complete_answer"  # a task's name: services do not import tasks


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
        keep: Keep | None = None,
        looked_up: Callable[[], object] = lambda: None,
    ) -> Identification:
        """Photos in, one merged and stored answer out.

        `count` is called once when the request turns out to be a good one, before anything is paid for; it
        raises `LimitReached` when the caller's limit is used up. With `may_queue` an identification
        that no provider can make now is stored with status `queued` instead of failing, where there
        are workers to answer it later. `keep` is called in the transaction that writes the caller's record.
        `looked_up` is called when the caches have been asked, before anything that takes long; maybe twice.

        Raises:
            PhotoNotAccepted: a photo cannot be used; nothing was asked or stored.
            LimitReached: `count` said so.
            IdentificationBusy: no room, or another call for these photos outlasts this caller.
            IdentificationUnavailable: no provider answered, and nothing older is known.
        """
        tier = tier_of(user)
        with counted_identification(tier.value if tier else ANONYMOUS) as answered:
            made = self._identify(
                photos, options, user, count, may_queue=may_queue, keep=keep, looked_up=looked_up
            )
            answered(made.record.status, made.record.cache)
        return made

    def _identify(
        self,
        photos: Sequence[Upload],
        options: Options,
        user: User,
        count: Callable[[], None],
        *,
        may_queue: bool,
        keep: Keep | None,
        looked_up: Callable[[], object],
    ) -> Identification:
        started = time.monotonic()
        deadline = Deadline.after(constants.IDENTIFY_DEADLINE_S)
        admission = Admission(count)
        inspected = inspect_uploads(photos)
        decoder = Decoder(inspected)
        assignment = assign(user)
        options = replace(options, fusion=assignment.rule)

        def answer() -> KeptAnswer:
            prepared = decoder.photos(deadline)
            admission.count()
            question = _question(inspected, prepared, options)
            kept = self.answer_question(question, principal_of(user), deadline)
            return replace(kept, perceptual_hashes=perceptual_hashes_of(prepared))

        try:
            kept, cache = self._kept_or(answer, inspected.digest, options, deadline, looked_up)
        except (IdentificationUnavailable, IdentificationBusy):
            if not (may_queue and settings.CELERY_BROKER_URL):
                COUNTS.add(identified_none=1)
                raise
            return _queue(decoder, admission, user, options, assignment, keep)
        admission.count()
        timings = {"total_ms": round((time.monotonic() - started) * 1000)}
        save = partial(
            save_record, user=user, inspected=inspected, options=options, assignment=assignment, keep=keep
        )
        try:
            return save(kept=kept, cache=cache, timings=timings)
        except IntegrityError:
            # The answer's last record was deleted between the cache and here: it is no answer any more.
            self._registry.cache.delete(answer_key(self._registry, inspected.digest, options))
            kept, cache = self._kept_or(answer, inspected.digest, options, deadline)
            return save(kept=kept, cache=cache, timings=timings)

    def answer_shared(self, question: Question, principal: str, deadline: Deadline) -> KeptAnswer:
        """The same for photos that are already prepared: from the queue, or a batch."""

        def answer() -> KeptAnswer:
            return self.answer_question(question, principal, deadline)

        return self._kept_or(answer, question.digest, question.options, deadline)[0]

    def _kept_or(
        self,
        answer: Callable[[], KeptAnswer],
        digest: str,
        options: Options,
        deadline: Deadline,
        looked_up: Callable[[], object] = lambda: None,
    ) -> tuple[KeptAnswer, str]:
        """The kept answer, or a fresh one that everybody who asks meanwhile gets too."""
        key = answer_key(self._registry, digest, options)

        def give_way() -> None:
            release_connection()  # others need it more than a request that waits
            looked_up()

        while True:
            try:
                result = self._registry.flight.fetch(
                    key,
                    lambda: msgspec.to_builtins(answer()),
                    wait_s=deadline.require(),
                    ttl_s=cache_ttl_s,
                    failure_codec=AnswerFailureCodec(),
                    when_missing=give_way,
                )
            except (FlightTimeout, DeadlinePassed):
                raise IdentificationBusy(
                    Sentence("This photo is still being identified. Please ask again in a moment."),
                    retry_after_s=STILL_UNDER_WAY_RETRY_AFTER_S,
                ) from None
            try:
                kept = msgspec.convert(result.value, KeptAnswer)
            except msgspec.ValidationError:  # kept by another version of this program
                self._registry.cache.delete(key)
                continue
            looked_up()
            if result.source == "loaded":
                return kept, "near" if kept.is_near else "miss"
            if not kept.is_personal:
                return kept, "hit"

    def answer_question(self, question: Question, principal: str, deadline: Deadline) -> KeptAnswer:
        """Ask, merge and store; an old answer where nobody answers now.

        Raises:
            IdentificationBusy, IdentificationUnavailable, PhotoNotAccepted
        """
        if not self._registry.providers:
            raise IdentificationUnavailable(retry_after_s=DEFAULT_RETRY_AFTER_S)
        if (partial_one := find_partial_answer(self._registry, question)) is not None:
            return partial_one
        photos = PhotoKeeper(question.digest, question.photos)
        if (similar := find_similar_answer(self._registry, question)) is not None:
            return copy_answer(self._registry, question, similar, photo_set=photos.keep())
        release_connection()
        fan_out = ask_all(
            self._registry.providers,
            question,
            principal=principal,
            deadline=deadline,
            meanwhile=photos.keep_early,
        )
        if all(outcome.reply is None for outcome in fan_out.outcomes):
            return self._without_answer(question, fan_out)
        document = merge_outcomes(self._registry, fan_out.outcomes, options=question.options)
        photo_set = photos.keep()
        with transaction.atomic():
            kept = save_answer(self._registry, question, document, fan_out.outcomes, photo_set=photo_set)
            note_fingerprint(self._registry, question, kept)
        # Where no worker hears it, the record is completed when it is read next.
        fan_out.when_the_rest_arrives(lambda: enqueue(COMPLETE_ANSWER, kept.answer_id))
        return kept

    def _without_answer(self, question: Question, fan_out: FanOut) -> KeptAnswer:
        outcomes = fan_out.outcomes
        if {outcome.state for outcome in outcomes} == {ProviderState.REFUSED_PHOTO}:
            message = Sentence(
                "The identification services could not read this photo. Please try another one."
            )
            raise PhotoNotAccepted(
                message,
                code=ErrorCode.IMAGE_UNREADABLE,
                errors=[FieldError("image", ErrorCode.IMAGE_UNREADABLE, message)],
            )
        stale = find_stale_answer(self._registry, question.digest, question.options, outcomes)
        if stale is not None:
            return stale
        if all(outcome.lacked_time for outcome in outcomes):
            raise IdentificationBusy(retry_after_s=STILL_UNDER_WAY_RETRY_AFTER_S)
        waits = [outcome.retry_after_s for outcome in outcomes if outcome.retry_after_s]
        failure = IdentificationUnavailable(retry_after_s=min(waits, default=DEFAULT_RETRY_AFTER_S))
        failure.is_personal = any(outcome.is_personal for outcome in outcomes)
        raise failure


def _queue(
    decoder: Decoder,
    admission: Admission,
    user: User,
    options: Options,
    assignment: Assignment,
    keep: Keep | None,
) -> Identification:
    photos = decoder.photos(Deadline.after(DECODING_S))
    admission.count()
    return save_queued(
        user=user,
        inspected=decoder.inspected,
        options=options,
        photo_set=keep_photos(decoder.inspected.digest, photos),
        perceptual_hashes=perceptual_hashes_of(photos),
        assignment=assignment,
        keep=keep,
    )


def _question(inspected: Inspected, photos: tuple[PreparedPhoto, ...], options: Options) -> Question:
    return Question(
        digest=inspected.digest, photo_digest=inspected.photo_digest, photos=photos, options=options
    )


def get_service() -> CombinedPlantIdentificationService:
    return CombinedPlantIdentificationService(registry())
