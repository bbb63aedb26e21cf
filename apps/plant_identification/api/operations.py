"""`/ops/`: the operators' page, what it shows as JSON, and its switches. Not part of the public API.

Only Django's own session counts here. Tokens of the apps, in a header or in a cookie, do not open it.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.core.audit import REASON_MAX_LENGTH
from apps.core.resilience.breaker import SwitchUnreachable
from apps.plant_identification.services.operations import CircuitAction, describe_operations, switch_circuit
from apps.plant_identification.services.operators import is_operator
from apps.plant_identification.services.registry import registry
from apps.plant_identification.services.side_services import side_services

logger = logging.getLogger(__name__)

SOCKET_PATH = "/ws/circuit-status/"
WITHOUT_REDIS = (
    "Nothing was changed: Redis is gone, and without it each process decides for itself. "
    "A switch pressed now would reach one of them only. Bring Redis back, then try again."
)
View = Callable[..., HttpResponseBase]


def for_operators(*, is_page: bool = False) -> Callable[[View], View]:
    """Sends whoever opens the page to sign in; scripts are told 401. Who is signed in and no staff: 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        @never_cache
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            if is_operator(request.user):
                return view(request, **kwargs)
            if request.user.is_authenticated:
                raise PermissionDenied
            if is_page:
                return redirect_to_login(request.get_full_path(), reverse("admin:login"))
            return JsonResponse({"detail": "Sign in again."}, status=401)

        return guarded

    return decorate


@require_safe
@for_operators(is_page=True)
def operations_page(request: HttpRequest) -> HttpResponseBase:
    """Its policy allows one address more: that of the WebSockets, where they have a port of their own."""
    origin = socket_origin(request)
    page: HttpResponseBase = csp_update({"connect-src": [origin]})(_render)(
        request, socket=origin + SOCKET_PATH
    )
    return page


def _render(request: HttpRequest, *, socket: str) -> HttpResponse:
    context = {
        "socket": socket,
        "reason_max_length": REASON_MAX_LENGTH,
        "is_sandbox": settings.PROVIDER_SANDBOX,
    }
    return render(request, "ops.html", context)


def socket_origin(request: HttpRequest) -> str:
    scheme = "wss" if request.is_secure() else "ws"
    host = request.get_host()
    if settings.WEBSOCKET_PORT:
        # Without the port it came with; an IPv6 address keeps its brackets.
        name = host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
        host = f"{name}:{settings.WEBSOCKET_PORT}"
    return f"{scheme}://{host}"


@require_safe
@for_operators()
def operations_status(request: HttpRequest) -> HttpResponseBase:  # noqa: ARG001
    return JsonResponse(describe_operations(registry()))


@require_POST
@for_operators()
def operate_circuit(request: HttpRequest, *, provider: str, action: str) -> HttpResponseBase:
    sides = {side.name: side for side in side_services()}
    configured = registry().get(provider) or sides.get(provider)
    if configured is None or action not in list(CircuitAction):
        raise Http404
    reason = request.POST.get("reason", "")
    if len(reason) > REASON_MAX_LENGTH:
        return JsonResponse({"detail": f"At most {REASON_MAX_LENGTH} characters, please."}, status=422)
    try:
        switch_circuit(configured, CircuitAction(action), actor=request.user, reason=reason)  # type: ignore[arg-type]  # staff, so no AnonymousUser
    except SwitchUnreachable:
        return JsonResponse({"detail": WITHOUT_REDIS}, status=503)
    return JsonResponse(describe_operations(registry()))


urlpatterns = [
    path("", operations_page, name="ops"),
    path("status/", operations_status, name="ops-status"),
    path("circuits/<slug:provider>/<slug:action>/", operate_circuit, name="ops-circuit"),
]
