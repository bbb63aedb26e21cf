"""What browsers are told about this site."""

from typing import Any
from urllib.parse import urlsplit

from corsheaders.defaults import default_headers

SELF, NONE = "'self'", "'none'"
# Where browsers tell what a policy has stopped.
CSP_REPORT_PATH = "/api/security/csp-report/"

# Nothing is allowed that is not named. Where a page shows more, its view says so.
PUBLIC_POLICY: dict[str, Any] = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "media-src": [SELF],
    # Videos that editors embed.
    "frame-src": ["https://www.youtube-nocookie.com", "https://www.youtube.com", "https://player.vimeo.com"],
    "manifest-src": [SELF],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "report-uri": [CSP_REPORT_PATH],
}

# For everything that is no page: even if a browser were made to show it, it could do nothing.
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

# Wagtail's editor writes inline scripts and styles, and shows previews in frames of its own. Scripts in
# attributes, which is what text of a stranger mostly smuggles in, it does not need.
EDITORS_POLICY: dict[str, Any] = {
    **PUBLIC_POLICY,
    "script-src": [SELF, "'unsafe-inline'"],
    "script-src-attr": [NONE],
    "style-src": [SELF, "'unsafe-inline'"],
    "img-src": [SELF, "data:", "blob:"],
    "media-src": [SELF, "blob:"],
    "frame-src": [SELF, *PUBLIC_POLICY["frame-src"]],
    "worker-src": [SELF, "blob:"],
    "frame-ancestors": [SELF],
}


def editors_policy(web_app: str) -> dict[str, Any]:
    """With room for the web app, which shows drafts in a frame beside the form."""
    parts = urlsplit(web_app)
    frames = [f"{parts.scheme}://{parts.netloc}"] if web_app else []
    return {**EDITORS_POLICY, "frame-src": [*EDITORS_POLICY["frame-src"], *frames]}


PERMISSIONS_POLICY = (
    ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer",
            "autoplay",
            "browsing-topics",
            "display-capture",
            "encrypted-media",
            "gyroscope",
            "hid",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "serial",
            "usb",
        )
    )
    + ", camera=(self), geolocation=(self), fullscreen=(self)"
)

# What scripts of the allowed origins may send, and may read of an answer.
CORS_ALLOW_HEADERS = [
    *default_headers,
    "idempotency-key",
    "if-none-match",
    "prefer",
    "x-client-version",
    "x-preview-token",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = [
    "api-version",
    "content-language",
    "deprecation",
    "etag",
    "idempotent-replayed",
    "link",
    "preference-applied",
    "ratelimit",
    "ratelimit-policy",
    "restorable-until",
    "retry-after",
    "sunset",
    "x-request-id",
]
