"""Django's own error views: problem documents below `/api/`, pages for people elsewhere.

Django hands them the exception or the reason; neither is for the public.
"""

from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from apps.core.api.paths import is_api_path
from apps.core.api.problems import problem_response
from apps.core.codes import ErrorCode
from apps.core.logging.context import get_request_id
from apps.core.timed_bodies import BodyNotRead


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return _error(request, ErrorCode.REQUEST_TOO_LARGE)
    if isinstance(exception, BodyNotRead):
        return _error(request, exception.code)
    return _error(request, ErrorCode.PARSE_ERROR, _("The request could not be read."))


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _error(request, ErrorCode.PERMISSION_DENIED)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _error(request, ErrorCode.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    return _error(request, ErrorCode.INTERNAL_ERROR)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    return _error(request, ErrorCode.CSRF_FAILED)


def _error(request: HttpRequest, code: ErrorCode, detail: str = "") -> HttpResponse:
    if is_api_path(request.path_info):
        return problem_response(request, code, detail)
    context = {"title": code.title, "status": code.status, "request_id": get_request_id()}
    if code.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # Nothing that could fail again: no context processors, no user, no database.
        return render(None, "error.html", context, status=code.status)
    return render(request, "error.html", context, status=code.status)
