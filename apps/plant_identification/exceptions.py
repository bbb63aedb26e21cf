"""Failures of an identification, named for what happened.

ProviderError                    one provider gave no answer; `state` is its entry in `providers[]`
├── ProviderFailed               5xx, 408, connection lost: an outage
│   ├── ProviderTimedOut
│   ├── ProviderNotReached       connection refused or never made: provably not sent
│   └── ProviderReplyUnreadable  200 with a body that is no answer, or too large
├── ProviderRefusedPhoto         400/413/415: the service works, this photo does not
├── ProviderRefusedKey           401/403
├── ProviderQuotaReached         429, or our own ledger says no
│   └── ProviderShareReached     this principal's part of the quota is used up; others have theirs
├── ProviderMisconfigured        other 3xx/4xx: our mistake
├── ProviderCircuitOpen          not asked: its breaker is open
└── ProviderNotAsked             not asked: pool full, or no time left
DomainError
├── IdentificationUnavailable    no provider answered and nothing older is known
├── IdentificationBusy           the pools are full, or another call for this photo outlasts this caller
├── AccountGone                  the account was deleted while its photo was being identified
├── RecordNotFound               no such record, or somebody else's, or deleted
├── TooManyPlants                one has as many as one can have
├── TooManyCollections           likewise
├── NothingToJudge               feedback on what is still queued
└── ExperimentRefused            started or ended when that cannot be
"""

from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError, ExternalAPIError
from apps.core.sentences import Sentence
from apps.plant_identification import constants
from apps.plant_identification.types import ProviderState


class ProviderError(ExternalAPIError):
    state = ProviderState.FAILED
    is_outage = False  # True: counts as a failure at the breaker
    is_answer = False  # True: the service did its work; counts as a success
    request_sent = True  # False only where provably no byte of the request left: its quota is refunded


class ProviderFailed(ProviderError):
    is_outage = True


class ProviderTimedOut(ProviderFailed):
    state = ProviderState.TIMED_OUT


class ProviderNotReached(ProviderFailed):
    request_sent = False


class ProviderReplyUnreadable(ProviderFailed):
    pass


class ProviderRefusedPhoto(ProviderError):
    state = ProviderState.REFUSED_PHOTO
    is_answer = True


class ProviderRefusedKey(ProviderError):
    state = ProviderState.KEY_REFUSED


class ProviderQuotaReached(ProviderError):
    state = ProviderState.QUOTA_EXHAUSTED


class ProviderShareReached(ProviderQuotaReached):
    pass


class ProviderMisconfigured(ProviderError):
    state = ProviderState.MISCONFIGURED


class ProviderCircuitOpen(ProviderError):
    state = ProviderState.CIRCUIT_OPEN
    request_sent = False


class ProviderNotAsked(ProviderError):
    state = ProviderState.TIMED_OUT
    request_sent = False


class IdentificationUnavailable(DomainError):
    code = ErrorCode.PROVIDER_UNAVAILABLE
    detail = Sentence("Plant identification services temporarily unavailable. Please try again later.")
    is_personal = False  # True: another principal asking the same might get an answer


class IdentificationBusy(DomainError):
    code = ErrorCode.BUSY
    detail = Sentence("Too many photos are being identified right now. Please try again in a moment.")


class LimitReached(DomainError):
    code = ErrorCode.THROTTLED


class AccountGone(DomainError):
    code = ErrorCode.AUTHENTICATION_FAILED
    detail = Sentence("This account is not there any more.")


class RecordNotFound(DomainError):
    """In the words for any address that leads nowhere: whether there is one is nobody's business."""

    code = ErrorCode.NOT_FOUND
    detail = Sentence("There is nothing at this address.")


class TooManyPlants(DomainError):
    code = ErrorCode.LIMIT_REACHED
    detail = Sentence(
        "You have %(count)d plants, and that is how many one can have. Delete one first.",
        {"count": constants.PLANTS_MAX},
    )


class TooManyCollections(DomainError):
    code = ErrorCode.LIMIT_REACHED
    detail = Sentence(
        "You have %(count)d collections, and that is how many one can have. Delete one first.",
        {"count": constants.COLLECTIONS_MAX},
    )


class NothingToJudge(DomainError):
    code = ErrorCode.CONFLICT
    detail = Sentence("This photo is not identified yet. Please say what it is when it is.")


class MergeRefused(DomainError):
    """Two species cannot be made one; says why, to an editor."""

    code = ErrorCode.CONFLICT


class ExperimentRefused(DomainError):
    code = ErrorCode.CONFLICT
