"""Every error of the API as an RFC 9457 problem document, whoever raised it."""

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.http.request import UnreadablePostError
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from rest_framework import exceptions as drf
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.core.api.field_errors import describe_fields, field_errors, model_field_errors
from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError, FieldError
from apps.core.logging.context import get_request_id
from apps.core.sentences import Sentence, Words
from apps.core.timed_bodies import BodyNotRead

logger = logging.getLogger(__name__)

PROBLEM_CONTENT_TYPE = "application/problem+json"
ERRORS_PAGE = "/api/docs/errors/"
DATABASE_RETRY_AFTER_S = 5

_CODE_OF_STATUS = {
    400: ErrorCode.INVALID,
    401: ErrorCode.NOT_AUTHENTICATED,
    403: ErrorCode.PERMISSION_DENIED,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    406: ErrorCode.NOT_ACCEPTABLE,
    408: ErrorCode.REQUEST_TIMEOUT,
    409: ErrorCode.CONFLICT,
    410: ErrorCode.GONE,
    413: ErrorCode.REQUEST_TOO_LARGE,
    415: ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    429: ErrorCode.THROTTLED,
    503: ErrorCode.SERVICE_UNAVAILABLE,
}
_DETAIL_OF_CODE = {
    ErrorCode.INVALID: _("The request is not valid."),
    ErrorCode.CSRF_FAILED: _(
        "The CSRF token is missing or wrong. Fetch a new one and send the request again."
    ),
    ErrorCode.PERMISSION_DENIED: _("You are not allowed to do this."),
    ErrorCode.NOT_FOUND: _("There is nothing at this address."),
    ErrorCode.METHOD_NOT_ALLOWED: _("This address does not take this method."),
    ErrorCode.REQUEST_TOO_LARGE: _("The request is too large."),
    ErrorCode.REQUEST_TIMEOUT: _(
        "The request took too long to arrive. Please try again with a better connection or a smaller photo."
    ),
    ErrorCode.SERVICE_UNAVAILABLE: _("The service is unavailable for a moment. Please try again."),
    ErrorCode.INTERNAL_ERROR: _("Something went wrong on our side. It has been recorded."),
}
_PUBLIC_CODES = frozenset(code.value for code in ErrorCode)
_DATABASE_GONE = (OperationalError, InterfaceError)
_TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def problem_body(
    request: HttpRequest | Request,
    code: ErrorCode,
    detail: Words = "",
    *,
    errors: Iterable[FieldError] = (),
    status: int | None = None,
) -> dict[str, Any]:
    return {
        "type": f"{ERRORS_PAGE}#{code}",
        "title": gettext(code.title),
        "status": status or code.status,
        "detail": _sentence(str(detail) or gettext(_DETAIL_OF_CODE.get(code, code.title))),
        "instance": request.path,
        "code": str(code),
        "request_id": get_request_id(),
        "errors": [
            {"field": error.field, "code": error.code, "message": str(error.message)} for error in errors
        ],
    }


def problem_response(
    request: HttpRequest,
    code: ErrorCode,
    detail: Words = "",
    *,
    status: int | None = None,
    retry_after_s: float | None = None,
) -> JsonResponse:
    """For middleware and plain Django views; DRF's views raise instead."""
    body = problem_body(request, code, detail, status=status)
    response = JsonResponse(body, status=body["status"], content_type=PROBLEM_CONTENT_TYPE)
    if retry_after_s is not None:
        response["Retry-After"] = str(whole_seconds(retry_after_s))
    return response


def status_problem(request: HttpRequest, status: int) -> JsonResponse:
    """For an answer of which only the status is known; the status stays."""
    fallback = ErrorCode.INVALID if status < HTTPStatus.INTERNAL_SERVER_ERROR else ErrorCode.INTERNAL_ERROR
    return problem_response(request, _CODE_OF_STATUS.get(status, fallback), status=status)


def problem_exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's `EXCEPTION_HANDLER`. None for what nobody expected: Django logs that once and answers 500."""
    problem = _translated(exc)
    if problem is None:
        return None
    set_rollback()  # an error answer commits nothing that was half done
    request: Request = context["request"]
    # A problem is JSON whatever the view would have rendered.
    request.accepted_renderer = JSONRenderer()
    request.accepted_media_type = JSONRenderer.media_type
    body = problem_body(
        request, problem.code, problem.detail, errors=problem.errors, status=_status_of(exc, problem.code)
    )
    response = Response(
        body, status=body["status"], headers=_headers(exc, problem), content_type=PROBLEM_CONTENT_TYPE
    )
    if isinstance(exc, _DATABASE_GONE):  # logged above, with its traceback; Django would do so again
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return response


def whole_seconds(seconds: float) -> int:
    """For `Retry-After`: never so early that the next attempt fails for the same reason."""
    return max(1, math.ceil(seconds))


def throttled_for(seconds: int) -> Sentence:
    return Sentence(
        "Request was throttled. Expected available in %(count)d second.",
        {"count": seconds},
        plural="Request was throttled. Expected available in %(count)d seconds.",
    )


def _own(code: ErrorCode) -> str:
    return gettext(_DETAIL_OF_CODE[code])


def _translated(exc: Exception) -> DomainError | None:
    match exc:
        case DomainError():
            return exc
        case drf.ValidationError():
            return _invalid(field_errors(exc.get_full_details()))
        case ModelValidationError():
            return _invalid(model_field_errors(exc))
        case drf.APIException():
            return _from_drf(exc)
        case Http404():
            # Django's own texts name models and columns.
            return DomainError(_own(ErrorCode.NOT_FOUND), code=ErrorCode.NOT_FOUND)
        case PermissionDenied():
            detail = str(exc) or _own(ErrorCode.PERMISSION_DENIED)
            return DomainError(detail, code=ErrorCode.PERMISSION_DENIED)
    if isinstance(exc, _DATABASE_GONE):
        return _database_gone(exc)
    return _from_unreadable_request(exc)


def _from_unreadable_request(exc: Exception) -> DomainError | None:
    if isinstance(exc, _TOO_LARGE):
        return DomainError(_own(ErrorCode.REQUEST_TOO_LARGE), code=ErrorCode.REQUEST_TOO_LARGE)
    if isinstance(exc, BodyNotRead):
        return DomainError(_own(exc.code), code=exc.code, retry_after_s=exc.retry_after_s)
    if isinstance(exc, BadRequest | SuspiciousOperation | UnreadablePostError):
        return DomainError(gettext("The request could not be read."), code=ErrorCode.PARSE_ERROR)
    return None


def _invalid(errors: Sequence[FieldError]) -> DomainError:
    return DomainError(describe_fields(errors), code=ErrorCode.INVALID, errors=errors)


def _database_gone(exc: Exception) -> DomainError:
    logger.error(
        "[DATABASE] Query failed: %s",
        type(exc).__name__,
        exc_info=exc,
        extra={"event": "database_unavailable", "error": type(exc).__name__},
    )
    return DomainError(
        _own(ErrorCode.SERVICE_UNAVAILABLE),
        code=ErrorCode.SERVICE_UNAVAILABLE,
        retry_after_s=DATABASE_RETRY_AFTER_S,
    )


def _from_drf(exc: drf.APIException) -> DomainError:
    code = _code_of(exc)
    if isinstance(exc, drf.Throttled):
        wait_s: float | None = getattr(exc, "wait", None)
        if wait_s is None:
            return DomainError(gettext("Request was throttled."), code=code)
        seconds = whole_seconds(wait_s)
        return DomainError(throttled_for(seconds), code=code, retry_after_s=seconds)
    return DomainError(_text(exc.detail), code=code)


def _code_of(exc: drf.APIException) -> ErrorCode:
    """The exception's own code if it is a public one, else the one of its kind."""
    own = exc.get_codes()
    if isinstance(own, str) and own in _PUBLIC_CODES:
        return ErrorCode(own)
    if isinstance(exc, drf.NotAuthenticated):
        return ErrorCode.NOT_AUTHENTICATED
    if isinstance(exc, drf.AuthenticationFailed):
        return ErrorCode.AUTHENTICATION_FAILED
    if isinstance(exc, drf.PermissionDenied) and _text(exc.detail).startswith("CSRF Failed"):
        return ErrorCode.CSRF_FAILED
    return _CODE_OF_STATUS.get(exc.status_code, ErrorCode.INTERNAL_ERROR)


def _status_of(exc: Exception, code: ErrorCode) -> int:
    # DRF turns 401 into 403 where no authenticator names a scheme; here 401 says "sign in", always.
    is_known = _CODE_OF_STATUS.get(getattr(exc, "status_code", 0)) is not None
    return code.status if is_known or not isinstance(exc, drf.APIException) else exc.status_code


def _headers(exc: Exception, problem: DomainError) -> dict[str, str]:
    headers: dict[str, str] = {}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(whole_seconds(problem.retry_after_s))
    if problem.code.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = getattr(exc, "auth_header", None) or "Bearer"
    return headers


def _text(detail: Any) -> str:
    if isinstance(detail, Mapping):
        return _text(detail.get("detail") or next(iter(detail.values()), ""))
    if isinstance(detail, list | tuple):
        return " ".join(_text(item) for item in detail)
    return str(detail)


def _sentence(text: str) -> str:
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) or "://" in text.rsplit(" ", 1)[-1] else f"{text}."
