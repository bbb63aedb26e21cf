from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.core.logging.context import META_KEY, accept_request_id, enter_request, leave_request


class RequestIdMiddleware:
    """`X-Request-ID` in and out: one id for the answer, the log lines and everything done for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = accept_request_id(request.headers.get("X-Request-ID", ""))
        request.META[META_KEY] = request_id
        token = enter_request(request_id)
        try:
            response = self.get_response(request)
        finally:
            leave_request(token)
        response["X-Request-ID"] = request_id
        return response
