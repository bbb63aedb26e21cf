"""The API's description and the pages that show it. They belong to no version."""

from csp.constants import NONCE
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView

from apps.core.codes import ErrorCode

# What its package puts in before it can be given a nonce: a style element, at first empty. A test in the
# browser fails when a new version brings another.
REDOC_STYLES = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
)
# Neither viewer runs inline scripts. Swagger has its styles in files; Redoc makes style elements.
_swagger_policy = csp_update({"img-src": ["data:"]})
_redoc_policy = csp_update(
    {"style-src": [NONCE, *REDOC_STYLES], "img-src": ["data:"], "worker-src": ["blob:"]}
)


@require_safe
def error_codes(request: HttpRequest) -> HttpResponse:
    """What the `type` of a problem document points to."""
    return render(request, "error_codes.html", {"codes": list(ErrorCode)})


documentation_urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "docs/",
        _swagger_policy(SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="swagger.html")),
        name="docs",
    ),
    path("docs/errors/", error_codes, name="error-codes"),
    path(
        "redoc/",
        _redoc_policy(SpectacularRedocView.as_view(url_name="schema", template_name="redoc.html")),
        name="redoc",
    ),
]
