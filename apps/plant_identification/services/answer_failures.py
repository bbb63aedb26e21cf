"""Which failures everybody who asks the same shares, and how they are written down for them."""

from typing import Any

from apps.core.codes import ErrorCode
from apps.core.exceptions import FieldError
from apps.core.sentences import Sentence
from apps.plant_identification.exceptions import IdentificationUnavailable
from apps.plant_identification.services.photos import PhotoNotAccepted


class AnswerFailureCodec:
    """Failures that hold for everybody who asks the same; one caller's limit, share or time is its own.

    Kept are the sentences themselves, not what they are in the language of the caller who failed.
    """

    def encode(self, failure: Exception) -> Any | None:
        if not isinstance(failure, PhotoNotAccepted | IdentificationUnavailable):
            return None
        if isinstance(failure, IdentificationUnavailable) and failure.is_personal:
            return None
        return {
            "code": failure.code.value,
            "detail": Sentence.of(failure.detail).spell(),
            "retry_after_s": failure.retry_after_s,
            "errors": [
                [error.field, error.code, Sentence.of(error.message).spell()] for error in failure.errors
            ],
        }

    def decode(self, data: Any) -> Exception:
        code = ErrorCode(data["code"])
        kind = IdentificationUnavailable if code is ErrorCode.PROVIDER_UNAVAILABLE else PhotoNotAccepted
        detail = Sentence.read(data["detail"])
        errors = [FieldError(field, name, Sentence.read(said)) for field, name, said in data["errors"]]
        return kind(detail, code=code, retry_after_s=data["retry_after_s"], errors=errors)
