"""Failures that every app shares.

DomainError            something the user is told, with a code of the closed list
└── ExternalAPIError   an outside service failed us; `status_code` is what it said, if anything
"""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.core.codes import ErrorCode
from apps.core.sentences import Sentence, Words


@dataclass(frozen=True, slots=True)
class FieldError:
    field: str
    code: str
    message: Words


class DomainError(Exception):
    """A failure with a name. `detail` is a sentence for the user; the code decides the HTTP status."""

    code: ErrorCode = ErrorCode.INVALID
    detail: Words = Sentence("The request could not be carried out.")

    def __init__(
        self,
        detail: Words | None = None,
        *,
        code: ErrorCode | None = None,
        retry_after_s: float | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        if detail is not None:
            self.detail = detail
        if code is not None:
            self.code = code
        self.retry_after_s = retry_after_s
        self.errors = tuple(errors)
        super().__init__(self.detail)  # said when it is asked for: `str()` of a sentence


class ExternalAPIError(DomainError):
    """An outside service failed. Its own words never reach the user or the log: they may hold a key."""

    code = ErrorCode.SERVICE_UNAVAILABLE
    detail = Sentence("A service this depends on failed.")

    def __init__(
        self,
        detail: Words | None = None,
        *,
        status_code: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)
        self.status_code = status_code
