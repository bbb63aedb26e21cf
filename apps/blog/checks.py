"""Settings that contradict themselves are found when the server starts."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks

from apps.blog.services.webhooks import signing_key

SECRET_MIN_BYTES = 24  # what Standard Webhooks asks for
_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


@checks.register
def check_webhooks(_app_configs: Any = None, **_options: Any) -> list[checks.CheckMessage]:
    if not settings.CONTENT_WEBHOOK_URLS:
        return []
    found: list[checks.CheckMessage] = []
    if not _is_strong(settings.CONTENT_WEBHOOK_SECRET):
        found.append(
            checks.Error(
                "CONTENT_WEBHOOK_URLS are set, but no secret to sign with.",
                hint="Set CONTENT_WEBHOOK_SECRET to whsec_ and the output of: openssl rand -base64 32",
                id="blog.E001",
            )
        )
    if not all(_is_safe(url) for url in settings.CONTENT_WEBHOOK_URLS):
        found.append(
            checks.Error("CONTENT_WEBHOOK_URLS has to hold addresses that begin with https.", id="blog.E002")
        )
    return found


@checks.register
def check_preview(_app_configs: Any = None, **_options: Any) -> list[checks.CheckMessage]:
    url = settings.HEADLESS_PREVIEW_URL
    if not url or (_is_safe(url) and "#" not in url):
        return []
    return [
        checks.Error(
            "HEADLESS_PREVIEW_URL is not an address of a web app.",
            hint="Write it as https://app.example.org/preview, without a #.",
            id="blog.E003",
        )
    ]


def _is_strong(secret: str) -> bool:
    try:
        return len(signing_key(secret)) >= SECRET_MIN_BYTES
    except ValueError:
        return False


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)
