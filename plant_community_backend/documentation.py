"""The API's description and the pages that show it. They belong to no version."""

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView

from apps.core.codes import ErrorCode

# Both viewers style themselves with inline rules; neither runs inline scripts.
_viewer_policy = csp_update(
    {
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "worker-src": ["blob:"],
        "connect-src": ["'self'"],
    }
)


@require_safe
def error_codes(request: HttpRequest) -> HttpResponse:
    """What the `type` of a problem document points to."""
    return render(request, "error_codes.html", {"codes": list(ErrorCode)})


documentation_urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", _viewer_policy(SpectacularSwaggerSplitView.as_view(url_name="schema")), name="docs"),
    path("docs/errors/", error_codes, name="error-codes"),
    path(
        "redoc/",
        _viewer_policy(SpectacularRedocView.as_view(url_name="schema", template_name="redoc.html")),
        name="redoc",
    ),
]
