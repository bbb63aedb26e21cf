"""The answer to a question, as it is kept and as everybody who asks it is told."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Case, When

from apps.core.db import insert_rows
from apps.core.languages import writing_in
from apps.plant_identification import constants
from apps.plant_identification.models import IdentificationAnswer, PhotoSet
from apps.plant_identification.services.encyclopedia.species import count_identification, link_species
from apps.plant_identification.services.encyclopedia.teaching import teach_later
from apps.plant_identification.services.fusion import CONTROL, RULES
from apps.plant_identification.services.merging import merge_replies
from apps.plant_identification.services.quota import question_key
from apps.plant_identification.services.registry import Registry
from apps.plant_identification.services.results import save_results
from apps.plant_identification.types import (
    AnswerStatus,
    Options,
    ProviderOutcome,
    ProviderReply,
    ProviderReport,
    ProviderState,
    Question,
)

Document = dict[str, Any]
ANSWER_VERSION = 2  # changes whenever merging or the document does
_GOOD = {ProviderState.ANSWERED, ProviderState.CACHED, ProviderState.NEAR_DUPLICATE}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """A stored answer, as it travels through the cache: the same for everybody."""

    answer_id: str
    photo_set_id: str | None
    document: Document
    is_personal: bool = False  # made of less than another principal would get; not for others
    is_near: bool = False  # told first about another photo, which looks the same
    perceptual_hashes: tuple[str, ...] = ()


def spell_question(registry: Registry, digest: str, options: Options) -> str:
    """A whole answer's question: who is behind it, which photos, what was wanted."""
    parts = [
        options.language,
        "health" if options.include_diseases else "plain",
        "" if options.latitude is None else f"{options.latitude},{options.longitude}",
        options.project,
    ]
    if options.fusion != CONTROL.key:  # answers from before there were other rules keep their key
        parts.append(options.fusion)
    wanted = ":".join(parts)
    return f"{registry.hosts}:{digest}:{wanted}"


def answer_key(registry: Registry, digest: str, options: Options) -> str:
    """Where the cache keeps it: an answer that would be made differently today is not found."""
    versions = ",".join(provider.call.version for provider in registry.providers)
    return f"plant_id:answer{ANSWER_VERSION}:{versions}:{spell_question(registry, digest, options)}"


def merge_outcomes(registry: Registry, outcomes: Sequence[ProviderOutcome], *, options: Options) -> Document:
    """The public document without what belongs to one record. At least one outcome has a reply."""
    replies = _replies_of(outcomes)
    configured = [provider.name for provider in registry.providers]
    with writing_in(options.language):
        answer = merge_replies(
            replies,
            configured=configured,
            language=options.language,
            rule=RULES.get(options.fusion, CONTROL),
        )
        document: Document = msgspec.to_builtins(answer)
    reports = _reports(registry, outcomes)
    document |= {
        "success": True,
        "status": _status(registry, outcomes, options).value,
        "providers": msgspec.to_builtins(reports),
        "answered_at": datetime.now(UTC).isoformat(),
    }
    return document


def _status(registry: Registry, outcomes: Sequence[ProviderOutcome], options: Options) -> AnswerStatus:
    all_good = all(outcome.state in _GOOD for outcome in outcomes)
    replies = _replies_of(outcomes)
    is_plant = not any(reply.is_plant is False for reply in replies)
    assessing = [reply for reply in replies if registry.assesses_health(reply.provider)]
    is_assessed = any(reply.health is not None for reply in assessing)
    health_missing = options.include_diseases and is_plant and bool(assessing) and not is_assessed
    return AnswerStatus.COMPLETE if all_good and not health_missing else AnswerStatus.PARTIAL


def _reports(registry: Registry, outcomes: Sequence[ProviderOutcome]) -> list[ProviderReport]:
    """One entry per known provider, asked or not, in the registry's order."""
    by_name = {outcome.provider: outcome for outcome in outcomes}
    return [
        _report(by_name[spec.name])
        if spec.name in by_name
        else ProviderReport(name=spec.name, state=ProviderState.NOT_CONFIGURED)
        for spec in registry.specs
    ]


def _report(outcome: ProviderOutcome) -> ProviderReport:
    return ProviderReport(
        name=outcome.provider,
        state=outcome.state,
        model_version=outcome.reply.model_version if outcome.reply else None,
        latency_ms=outcome.latency_ms,
        retry_after_s=outcome.retry_after_s,
    )


def cache_ttl_s(kept: Mapping[str, Any]) -> float:
    """A complete answer until it is a day old, a partial one until somebody may be asked, at most 5 min."""
    document = kept["document"]
    if kept["is_personal"]:
        return 0
    if document["status"] == AnswerStatus.COMPLETE:
        return max(constants.FAILURE_MARKER_S, constants.CACHE_TIMEOUT_24_HOURS - _age_s(document))
    if document["status"] != AnswerStatus.PARTIAL:
        return constants.FAILURE_MARKER_S
    waits = [provider["retry_after_s"] for provider in document["providers"] if provider["retry_after_s"]]
    shortest = min(waits, default=constants.FAILURE_MARKER_S)
    return max(0.0, min(shortest, constants.CACHE_PARTIAL_MAX_S) - _age_s(document))


def _age_s(document: Mapping[str, Any]) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(document["answered_at"])).total_seconds()


def save_answer(
    registry: Registry,
    question: Question,
    document: Document,
    outcomes: Sequence[ProviderOutcome],
    *,
    photo_set: PhotoSet | None,
    is_news: bool = True,
) -> KeptAnswer:
    """Store the answer and its candidates in one short transaction. What is no news only does this."""
    with transaction.atomic(savepoint=False):
        species = link_species(document)
        answer = IdentificationAnswer(
            question_key=stored_key(registry, question.digest, question.options),
            digest=question.digest,
            photo_digest=question.photo_digest,
            options=msgspec.to_builtins(question.options),
            replies=_kept_replies(outcomes),
            **columns_of(document),
        )
        insert_rows([answer])
        save_results(answer, _replies_of(outcomes), species)
        if is_news:
            count_identification(document)
            teach_later(species, _replies_of(outcomes))
    return KeptAnswer(
        answer_id=str(answer.pk),
        photo_set_id=str(photo_set.pk) if photo_set else None,
        document=document,
        is_personal=any(outcome.is_personal for outcome in outcomes),
    )


def save_final_document(
    *, digest: str, photo_digest: str, options: Options, document: Document
) -> KeptAnswer:
    """For a record that can never be answered. It answers nobody else's question."""
    answer = IdentificationAnswer.objects.create(
        question_key="",
        digest=digest,
        photo_digest=photo_digest,
        options=msgspec.to_builtins(options),
        **columns_of(document),
    )
    return KeptAnswer(answer_id=str(answer.pk), photo_set_id=None, document=document, is_personal=True)


def _kept_replies(outcomes: Sequence[ProviderOutcome]) -> list[Any]:
    """What a later merge needs, where one is to come; without the token, which is a secret."""
    if not any(outcome.state is ProviderState.PENDING for outcome in outcomes):
        return []
    return [msgspec.to_builtins(replace(reply, access_token=None)) for reply in _replies_of(outcomes)]


def _replies_of(outcomes: Sequence[ProviderOutcome]) -> list[ProviderReply]:
    return [outcome.reply for outcome in outcomes if outcome.reply is not None]


def columns_of(document: Document) -> dict[str, Any]:
    return {
        "status": document["status"],
        "document": document,
        "plant_name": document["plant_name"] or "",
        "confidence": document["confidence"],
        "image_url": document["image_url"] or "",
        "source": document["source"] or "",
        "agreement": document["agreement"],
        "answered_at": datetime.fromisoformat(document["answered_at"]),
    }


def rewrite_answer(
    answer: IdentificationAnswer, document: Document, outcomes: Sequence[ProviderOutcome]
) -> None:
    """For every record that shows it. The caller holds the row's lock."""
    for name, value in columns_of(document).items():
        setattr(answer, name, value)
    answer.replies = _kept_replies(outcomes)
    answer.save()
    answer.requests.filter(status=AnswerStatus.PARTIAL).update(status=document["status"])
    answer.results.all().delete()
    species = link_species(document)
    save_results(answer, _replies_of(outcomes), species)
    teach_later(species, _replies_of(outcomes))


def find_partial_answer(registry: Registry, question: Question) -> KeptAnswer | None:
    """One that another rule of fusion made a moment ago, without a service that is not to be tried again yet.

    For an experiment nobody is called who would not be called without it.
    """
    others = RULES.keys() - {question.options.fusion}
    keys = [answer_key(registry, question.digest, replace(question.options, fusion=rule)) for rule in others]
    for value in registry.cache.get_many(keys).values():
        with suppress(msgspec.ValidationError):  # kept by another version of this program
            kept = msgspec.convert(value, KeptAnswer)
            if kept.document["status"] == AnswerStatus.PARTIAL and not kept.is_personal:
                return kept
    return None


def find_stale_answer(
    registry: Registry, digest: str, options: Options, outcomes: Sequence[ProviderOutcome]
) -> KeptAnswer | None:
    """The best answer of these services to this question of the last 30 days, marked as stale.

    `providers` tells why there is no fresh one. Where the caller's own rule of fusion made none, another's
    will do: an experiment takes no answer away from anybody.
    """
    oldest = datetime.now(UTC) - timedelta(seconds=constants.STALE_ANSWER_MAX_AGE_S)
    keys = [stored_key(registry, digest, replace(options, fusion=rule)) for rule in RULES]
    found = IdentificationAnswer.objects.filter(question_key__in=keys, answered_at__gte=oldest)
    of_other_rule = Case(When(question_key=stored_key(registry, digest, options), then=0), default=1)
    # "complete" before "partial"
    answer = found.order_by(of_other_rule, "status", "-answered_at").first()
    if answer is None:
        return None
    photo_set = PhotoSet.objects.filter(digest=digest).only("pk").first()
    return KeptAnswer(
        answer_id=str(answer.pk),
        photo_set_id=str(photo_set.pk) if photo_set else None,
        document=answer.document
        | {
            "status": AnswerStatus.STALE.value,
            "providers": msgspec.to_builtins(_reports(registry, outcomes)),
        },
        is_personal=any(outcome.is_personal for outcome in outcomes),
    )


def stored_key(registry: Registry, digest: str, options: Options) -> str:
    return question_key(spell_question(registry, digest, options))
