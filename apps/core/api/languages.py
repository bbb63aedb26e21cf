"""The language of an API answer: from `Accept-Language`, never from a cookie or the address."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from apps.core.api.paths import classify
from apps.core.languages import ENGLISH, best_language

_WITH_WORDS = ("application/json", "application/problem+json", "text/html")


class ApiLanguageMiddleware:
    """Stands before everything that may answer below `/api/`; pages elsewhere are in English.

    A view that knows better, because a form says so, activates another language for the rest of its request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = classify(request.path_info)
        if path is None or not path.is_versioned:
            return self.get_response(request)
        accepted = request.headers.get("Accept-Language", "")
        chosen = best_language(accepted, dict(settings.LANGUAGES)) or ENGLISH
        try:
            translation.activate(chosen)
            response = self.get_response(request)
            language = translation.get_language() or ENGLISH
        finally:
            translation.deactivate()
        kind = response.get("Content-Type", "").partition(";")[0]
        is_content = path.version == "v2" and kind != "application/problem+json"
        if is_content or (kind and kind not in _WITH_WORDS):
            return response  # what editors wrote, a picture, a file: the same for every reader
        if response.has_header("Vary"):
            patch_vary_headers(response, ["Accept-Language"])
        else:  # most often, and ten times as fast
            response["Vary"] = "Accept-Language"
        if kind:
            response.headers.setdefault("Content-Language", language)
        return response
