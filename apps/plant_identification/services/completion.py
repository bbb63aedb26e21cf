"""Putting a reply that came after the answer into the answer."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction

from apps.plant_identification import constants
from apps.plant_identification.models import IdentificationAnswer
from apps.plant_identification.services.answers import merge_outcomes, rewrite_answer
from apps.plant_identification.services.registry import Registry
from apps.plant_identification.types import Options, ProviderOutcome, ProviderReply, ProviderState, Question

# Twice what a request may take: whoever has not answered by then will not.
AWAITED_FOR = timedelta(seconds=2 * constants.IDENTIFY_DEADLINE_S)


def complete_answer(registry: Registry, answer: IdentificationAnswer) -> IdentificationAnswer:
    """Merge again with what has arrived since; a service that was awaited too long is said to be late.

    What was answered at first stands in the row itself, so that nothing paid for is lost with the cache.
    """
    if not _is_awaiting(answer) or not _has_news(registry, answer):
        return answer
    with transaction.atomic():
        locked = IdentificationAnswer.objects.select_for_update().filter(pk=answer.pk).first()
        if locked is None:  # deleted with its last record
            return answer
        if not _is_awaiting(locked):  # somebody else was faster
            return locked
        outcomes = _outcomes_now(registry, locked)
        asked = [outcome for outcome in outcomes if outcome.state is not ProviderState.NOT_CONFIGURED]
        document = merge_outcomes(registry, asked, options=_options(locked))
        document["answered_at"] = locked.document["answered_at"]
        rewrite_answer(locked, document, asked)
    return locked


def _is_awaiting(answer: IdentificationAnswer) -> bool:
    return any(report["state"] == ProviderState.PENDING for report in answer.document["providers"])


def _has_news(registry: Registry, answer: IdentificationAnswer) -> bool:
    states = [report["state"] for report in answer.document["providers"]]
    return [outcome.state for outcome in _outcomes_now(registry, answer)] != states


def _outcomes_now(registry: Registry, answer: IdentificationAnswer) -> list[ProviderOutcome]:
    kept = {reply.provider: reply for reply in msgspec.convert(answer.replies, list[ProviderReply])}
    return [
        _awaited_now(registry, answer, report)
        if report["state"] == ProviderState.PENDING
        else _as_it_was(report, kept.get(report["name"]))
        for report in answer.document["providers"]
    ]


def _as_it_was(report: Mapping[str, Any], reply: ProviderReply | None) -> ProviderOutcome:
    return ProviderOutcome(
        provider=report["name"],
        state=ProviderState(report["state"]),
        reply=reply,
        latency_ms=report["latency_ms"],
        retry_after_s=report["retry_after_s"],
    )


def _awaited_now(
    registry: Registry, answer: IdentificationAnswer, report: Mapping[str, Any]
) -> ProviderOutcome:
    provider = registry.get(report["name"])
    question = Question(
        digest=answer.digest, photo_digest=answer.photo_digest, photos=(), options=_options(answer)
    )
    reply = provider.call.known(question) if provider else None
    if reply is not None:
        state = ProviderState.ANSWERED
    elif answer.answered_at < datetime.now(UTC) - AWAITED_FOR:
        state = ProviderState.TIMED_OUT
    else:
        state = ProviderState.PENDING
    return ProviderOutcome(provider=report["name"], state=state, reply=reply)


def _options(answer: IdentificationAnswer) -> Options:
    return msgspec.convert(answer.options, Options)
