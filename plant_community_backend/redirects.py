from django.http import HttpRequest, HttpResponseBase
from wagtail.contrib.redirects.middleware import RedirectMiddleware

from apps.core.api.paths import is_api_path


class PageRedirectMiddleware(RedirectMiddleware):  # type: ignore[misc]
    """Editors move pages, not resources: a 404 of the API costs no query for redirects."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if is_api_path(request.path_info):
            return response
        answered: HttpResponseBase = super().process_response(request, response)
        return answered
