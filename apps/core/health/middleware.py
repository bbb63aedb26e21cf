from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from apps.core.health.readiness import check_readiness

PROBES = frozenset({"/livez", "/readyz"})


class ProbeMiddleware:
    """Answers `/livez` and `/readyz` before anything looks at host names, https or sessions.

    A probe calls the process by its address on the inside, which is no name of this site.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in PROBES:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = _live() if request.path_info == "/livez" else _ready()
        response["Cache-Control"] = "no-store"
        return response


def _live() -> JsonResponse:
    return JsonResponse({"status": "ok"})


def _ready() -> JsonResponse:
    report = check_readiness()
    return JsonResponse(report.as_json(), status=report.http_status)
