"""The copies of people's photos that lie at the services which were paid to look at them."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.core.resilience.breaker import CircuitOpen
from apps.core.resilience.clock import Deadline
from apps.plant_identification.exceptions import ProviderError, ProviderNotAsked
from apps.plant_identification.models import QuotaReservation, QuotaWindow, UnwantedCopy
from apps.plant_identification.services.quota import LONGEST_CALL, question_key
from apps.plant_identification.services.registry import Registry
from apps.plant_identification.types import Options, Question

logger = logging.getLogger(__name__)

COPIES_PER_RUN = 20
DELETE_TIMEOUT_S = 10  # in total, for one copy
CLAIM_S = 120
RETRY_BASE_S, RETRY_MAX_S = 60, 6 * 3_600
GIVE_UP_AFTER = timedelta(days=7)
State = QuotaReservation.State


def is_being_bought(question: Question) -> bool:
    """Or was a moment ago, for an answer that may not be written yet."""
    since = datetime.now(UTC) - LONGEST_CALL
    return _calls(_paid_keys(question)).filter(created_at__gt=since).exists()


def part_with_copies(question: Question, *, others: Iterable[Question]) -> None:
    """Let the ledger forget the calls that only this question needed, and write down what to delete.

    The next who asks the same buys anew. In one transaction: a token is never in neither place.
    """
    keys = _paid_keys(question) - {key for other in others for key in _paid_keys(other)}
    with transaction.atomic():
        # Of what was answered without a token, or never sent, no copy can be named.
        kept = ~Q(access_token="") | Q(state__in=[State.RESERVED, State.UNKNOWN])
        calls = list(_calls(keys).filter(kept).select_for_update().order_by("pk"))
        UnwantedCopy.objects.bulk_create(
            (
                UnwantedCopy(
                    account=call.account,
                    custom_id=call.pk,
                    access_token=call.access_token,
                    next_attempt_at=datetime.now(UTC),
                )
                for call in calls
            ),
            ignore_conflicts=True,
        )
        handed_over = QuotaReservation.objects.filter(pk__in=[call.pk for call in calls])
        # A reply that nobody saw is not looked for again; what it cost stays charged.
        handed_over.exclude(state=State.ANSWERED).update(state=State.CHARGED)
        handed_over.update(access_token="")


def _paid_keys(question: Question) -> set[str]:
    """What the ledger calls these photos: with organs and without, each provider has its own view."""
    place = (str(question.options.latitude), str(question.options.longitude))
    return {question_key(digest, *place) for digest in (question.digest, question.photo_digest)}


def _calls(keys: Iterable[str]) -> QuerySet[QuotaReservation]:
    # Accounts are named so that the index by account and question is of use.
    accounts = QuotaWindow.objects.order_by().values_list("account", flat=True).distinct()
    return QuotaReservation.objects.filter(account__in=list(accounts), question_key__in=keys)


def delete_unwanted_copies(registry: Registry) -> int:
    """Ask the services to delete, a few per run. A service that is away is left alone until it is back."""
    deleted = 0
    for _ in range(COPIES_PER_RUN):
        copy = _claim()
        if copy is None:
            break
        deleted += _delete_or_put_back(registry, copy)
    return deleted


def _claim() -> UnwantedCopy | None:
    now = datetime.now(UTC)
    with transaction.atomic():
        due = UnwantedCopy.objects.filter(next_attempt_at__lte=now).order_by("next_attempt_at")
        copy = due.select_for_update(skip_locked=True).first()
        if copy is not None:
            copy.next_attempt_at = now + timedelta(seconds=CLAIM_S)
            copy.save(update_fields=["next_attempt_at", "updated_at"])
    return copy


def _delete_or_put_back(registry: Registry, copy: UnwantedCopy) -> bool:
    try:
        _delete(registry, copy)
    except (ProviderError, CircuitOpen) as failure:
        reason = type(failure).__name__
    else:
        copy.delete()
        return True
    if copy.created_at < datetime.now(UTC) - GIVE_UP_AFTER:
        _log(logging.ERROR, "photo_copy_not_deleted", copy, reason)
        copy.delete()
        return False
    _log(logging.WARNING, "photo_copy_deletion_postponed", copy, reason)
    wait_s = min(RETRY_MAX_S, RETRY_BASE_S * 2 ** min(copy.attempts, 10))
    UnwantedCopy.objects.filter(pk=copy.pk).update(
        attempts=copy.attempts + 1, next_attempt_at=datetime.now(UTC) + timedelta(seconds=wait_s)
    )
    return False


def _delete(registry: Registry, copy: UnwantedCopy) -> None:
    """Being free, this may be the trial that tells whether a service is back.

    Raises:
        ProviderError: among them `ProviderNotAsked`, where we have no key for the service (any more).
        CircuitOpen
    """
    calls = (provider.call for provider in registry.providers)
    call = next((call for call in calls if call.ledger.account == copy.account), None)
    if call is None:
        raise ProviderNotAsked("This service is not configured.")
    deadline = Deadline.after(DELETE_TIMEOUT_S)
    with call.circuit.calling():
        service = call.provider
        token = copy.access_token or None
        if token is None:
            lost = service.fetch_again(
                custom_id=copy.custom_id, access_token=None, options=Options(), deadline=deadline
            )
            token = lost.access_token if lost else None
        if token is not None:
            service.delete(access_token=token, deadline=deadline)


def _log(level: int, event: str, copy: UnwantedCopy, reason: str) -> None:
    facts = {"event": event, "account": copy.account, "custom_id": copy.custom_id, "reason": reason}
    logger.log(level, event, extra=facts)
