"""The page at the front door: photograph a plant, learn what it is. It uses nothing but the public API."""

from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

# Where the services' pictures lie. Each of their samples names these two and no other.
PICTURE_SOURCES = ("https://plant-id.ams3.cdn.digitaloceanspaces.com", "https://bs.plantnet.org")


@require_safe
def identify_page(request: HttpRequest) -> HttpResponseBase:
    """Its policy allows pictures of the services that answer, and `blob:` for those not sent yet."""
    allow_pictures = csp_update({"img-src": ["blob:", *_picture_sources()]})
    page: HttpResponseBase = allow_pictures(_render_page)(request)
    return page


def _picture_sources() -> list[str]:
    if not settings.PROVIDER_SANDBOX:
        return list(PICTURE_SOURCES)
    parts = [urlsplit(url) for url in (settings.PLANT_ID_BASE_URL, settings.PLANTNET_BASE_URL)]
    return sorted({f"{part.scheme}://{part.netloc}" for part in parts})


def _render_page(request: HttpRequest) -> HttpResponse:
    limits = settings.API_LIMITS["photos"]
    context = {
        "is_sandbox": settings.PROVIDER_SANDBOX,
        "has_google": bool(settings.GOOGLE_OAUTH_CLIENT_ID),
        "limits": limits,
        "max_photo_megabytes": limits["max_photo_bytes"] // (1024 * 1024),
        "languages": settings.API_LANGUAGES["common_names"],
    }
    return render(request, "identify.html", context)
