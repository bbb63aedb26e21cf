"""Texts on care that a language model writes from our facts: an editor asks for them, an editor judges."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q, QuerySet

from apps.core.audit import auditing
from apps.core.background import enqueue
from apps.core.db import release_connection
from apps.core.kept_answers import forget_answers
from apps.core.languages import writing_in
from apps.plant_identification import constants
from apps.plant_identification.exceptions import (
    ProviderError,
    ProviderQuotaReached,
    ProviderRefusedKey,
    RecordNotFound,
)
from apps.plant_identification.metrics import count_care_text
from apps.plant_identification.models import CareTextState, FactSource, GeneratedCare, SourceKind
from apps.plant_identification.services.encyclopedia import care_budget
from apps.plant_identification.services.encyclopedia.care import (
    CareSection,
    CareSource,
    CareStatement,
    write_care,
)
from apps.plant_identification.services.encyclopedia.care_model import CareModel, care_model
from apps.plant_identification.services.encyclopedia.care_prompt import (
    LANGUAGES,
    GivenFact,
    digest_of,
    facts_for,
    schema_for,
    write_messages,
)
from apps.plant_identification.services.encyclopedia.care_rules import (
    CareTextRefused,
    Completion,
    check_care_text,
)
from apps.plant_identification.services.encyclopedia.portrait import portray_species

logger = logging.getLogger(__name__)

WRITE_CARE_TEXT = "plant_identification.write_care_text"
JUDGE_CARE_TEXT = "encyclopedia.judge_care_text"
SOURCE_KEY = "care_model"
FIELD = "generated_text"


class Written(StrEnum):
    PENDING = "pending"
    REFUSED = "refused"
    KNOWN = "known"  # there is a text on these facts, or somebody is writing it
    NOTHING_KNOWN = "nothing_known"
    OVER_BUDGET = "over_budget"
    FAILED = "failed"
    OFF = "off"


def request_care_text(*, species_id: UUID, language: str) -> bool:
    """False where nobody can be told."""
    return care_model() is not None and enqueue(WRITE_CARE_TEXT, str(species_id), language)


def write_care_text(*, species_id: UUID, language: str) -> Written:
    """Running it twice does no harm, and asks once."""
    model = care_model()
    portrait = portray_species([species_id]).get(species_id)
    if model is None or portrait is None or language not in LANGUAGES:
        return Written.OFF
    with writing_in(language):
        facts = facts_for(write_care(portrait.facts))
    if not facts:
        return Written.NOTHING_KNOWN
    text = _claim(species_id, language, digest_of(facts), model.model)
    if text is None:
        return Written.KNOWN
    outcome = _write(model, text, portrait.species.canonical_name, facts)
    count_care_text(outcome.value)
    return outcome


def _claim(species_id: UUID, language: str, digest: str, model: str) -> GeneratedCare | None:
    """One UPDATE decides who writes. A claim whose holder died ends by itself."""
    now = datetime.now(UTC)
    key = {"species_id": species_id, "language": language, "facts_digest": digest, "model": model}
    GeneratedCare.objects.bulk_create([GeneratedCare(**key)], ignore_conflicts=True)
    free = GeneratedCare.objects.filter(**key, state=CareTextState.WRITING)
    free = free.filter(Q(claimed_until=None) | Q(claimed_until__lte=now))
    until = now + timedelta(seconds=constants.CARE_MODEL_CLAIM_S)
    return GeneratedCare.objects.get(**key) if free.update(claim=uuid4(), claimed_until=until) else None


def _write(model: CareModel, text: GeneratedCare, name: str, facts: Sequence[GivenFact]) -> Written:
    reservation = care_budget.reserve(tokens=constants.CARE_MODEL_RESERVED_TOKENS)
    if reservation is None:
        _mine(text).delete()
        logger.warning("care_model_over_budget", extra={"event": "care_model_over_budget"})
        return Written.OVER_BUDGET
    messages = write_messages(name=name, language=text.language, facts=facts)
    release_connection()  # a minute is too long to hold one
    try:
        completion = model.complete(messages, schema=schema_for(facts))
    except ProviderError as failure:
        if not failure.request_sent or isinstance(failure, ProviderRefusedKey | ProviderQuotaReached):
            care_budget.refund(reservation)
        _mine(text).delete()  # nothing was written; somebody may ask again
        event = "care_text_failed"
        logger.warning(event, extra={"event": event, "state": str(failure.state)})
        return Written.FAILED
    care_budget.settle(reservation, used=completion.tokens)
    return _keep(text, completion, facts)


def _keep(text: GeneratedCare, completion: Completion, facts: Sequence[GivenFact]) -> Written:
    done = {"claim": None, "claimed_until": None, "written_at": datetime.now(UTC)}
    try:
        sections = check_care_text(completion, facts)
    except CareTextRefused as refusal:
        _mine(text).update(state=CareTextState.REFUSED, reason=refusal.reason, **done)
        event = "care_text_refused"
        logger.warning(event, extra={"event": event, "reason": refusal.reason})
        return Written.REFUSED
    kept = [{"section": each.section, "text": each.text, "fields": list(each.fields)} for each in sections]
    _mine(text).update(state=CareTextState.PENDING, sections=kept, **done)
    return Written.PENDING


def _mine(text: GeneratedCare) -> QuerySet[GeneratedCare]:
    return GeneratedCare.objects.filter(pk=text.pk, claim=text.claim)


def list_care_texts() -> QuerySet[GeneratedCare]:
    """Of the present world, those that wait for an editor first."""
    texts = GeneratedCare.objects.filter(species__from_sandbox=settings.PROVIDER_SANDBOX)
    return texts.exclude(state=CareTextState.WRITING).select_related("species").order_by("-created_at", "pk")


def judge_care_text(*, text_id: UUID, is_approved: bool, actor: AbstractBaseUser, note: str) -> GeneratedCare:
    """What was refused stays refused; anything else may be judged again.

    Raises:
        RecordNotFound: there is no such text, or none that can be judged.
    """
    states = [CareTextState.PENDING, CareTextState.APPROVED, CareTextState.REJECTED]
    with auditing(actor=actor, action=JUDGE_CARE_TEXT, target=f"care_text:{text_id}", reason=note) as entry:
        text = list_care_texts().filter(pk=text_id, state__in=states).select_for_update(of=("self",)).first()
        if text is None:
            raise RecordNotFound
        entry.before = {"state": text.state}
        text.state = CareTextState.APPROVED if is_approved else CareTextState.REJECTED
        text.save(update_fields=["state", "updated_at"])
        entry.after = {"state": text.state}
        forget_answers(constants.SPECIES_ANSWERS)
    return text


def add_approved_text(
    sections: tuple[CareSection, ...], *, species_id: UUID, language: str
) -> tuple[CareSection, ...]:
    """Marked as what it is, after all that sources say. A text whose facts have changed is left out."""
    if not settings.CARE_MODEL_API_KEY or not sections:
        return sections
    texts = GeneratedCare.objects.filter(
        species_id=species_id,
        language=language,
        facts_digest=digest_of(facts_for(sections)),
        state=CareTextState.APPROVED,
    )
    text = texts.order_by("-written_at").first()
    if text is None:
        return sections
    said = {each["section"]: each["text"] for each in text.sections}
    return tuple(_with_text(each, text, said) for each in sections)


def _with_text(section: CareSection, text: GeneratedCare, said: Mapping[str, str]) -> CareSection:
    if section.key not in said or text.written_at is None:
        return section
    written_on = text.written_at.date()
    source = FactSource(
        key=SOURCE_KEY, title=f"Language model {text.model}", kind=SourceKind.MODEL, is_verified=False
    )
    statement = CareStatement(
        field=FIELD,
        text=said[section.key],
        value=said[section.key],
        unit="",
        said_value=said[section.key],
        said_unit="",
        source=SOURCE_KEY,
        stated_on=written_on,
        is_verified=False,
        is_preferred=False,
        is_generated=True,
    )
    return replace(
        section,
        statements=(*section.statements, statement),
        sources=(*section.sources, CareSource(source=source, date=written_on)),
    )
