"""Pictures by their addresses, where no nginx stands before us: in development only."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils._os import safe_join
from django.views.static import serve

PICTURES = frozenset({".avif", ".gif", ".jpeg", ".jpg", ".png", ".webp"})  # nginx.conf gives out the same


def development_media(request: HttpRequest, path: str) -> HttpResponseBase:
    if not settings.DEBUG or Path(path).suffix.lower() not in PICTURES:
        raise Http404
    # What people send us lies below the same folder by default, and a path may lead there in roundabout ways.
    found = Path(safe_join(settings.MEDIA_ROOT, path)).resolve()
    if found.is_relative_to(Path(settings.PHOTO_ROOT).resolve()):
        raise Http404
    answer: HttpResponseBase = serve(request, path, document_root=settings.MEDIA_ROOT)
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"  # shown on the web app's pages
    return answer
