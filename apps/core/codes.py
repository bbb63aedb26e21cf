"""The closed list of public error codes: what a client may switch on.

Each code has one HTTP status and one title, translated where somebody is told. `docs/api/errors.md`
explains them; a test compares them.
"""

from enum import StrEnum


def _(title: str) -> str:
    """Marks it for the catalog. Django's own marker reads the settings, and the settings read this module."""
    return title


class ErrorCode(StrEnum):
    # The request itself
    INVALID = "invalid"
    PARSE_ERROR = "parse_error"
    NOT_AUTHENTICATED = "not_authenticated"
    AUTHENTICATION_FAILED = "authentication_failed"
    CSRF_FAILED = "csrf_failed"
    EMAIL_NOT_VERIFIED = "email_not_verified"
    SECOND_FACTOR_REQUIRED = "second_factor_required"
    OAUTH_REFUSED = "oauth_refused"
    ACCOUNT_NOT_LINKED = "account_not_linked"
    LINK_INVALID = "link_invalid"
    LINK_EXPIRED = "link_expired"
    PERMISSION_DENIED = "permission_denied"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    REQUEST_TIMEOUT = "request_timeout"
    NOT_ACCEPTABLE = "not_acceptable"
    CONFLICT = "conflict"
    LIMIT_REACHED = "limit_reached"
    REQUEST_IN_PROGRESS = "request_in_progress"
    ALREADY_DONE = "already_done"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    GONE = "gone"
    REQUEST_TOO_LARGE = "request_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    THROTTLED = "throttled"
    CLIENT_TOO_OLD = "client_too_old"
    # A photo
    IMAGE_MISSING = "image_missing"
    IMAGE_EMPTY = "image_empty"
    IMAGE_TYPE_UNSUPPORTED = "image_type_unsupported"
    IMAGE_ANIMATED = "image_animated"
    IMAGE_TOO_LARGE = "image_too_large"
    IMAGE_TOO_MANY_PIXELS = "image_too_many_pixels"
    IMAGE_TOO_SMALL = "image_too_small"
    IMAGE_UNREADABLE = "image_unreadable"
    TOO_MANY_IMAGES = "too_many_images"
    # Our side, or the services behind it
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    IDENTITY_PROVIDER_UNAVAILABLE = "identity_provider_unavailable"
    BUSY = "busy"
    SERVICE_UNAVAILABLE = "service_unavailable"
    INTERNAL_ERROR = "internal_error"

    @property
    def status(self) -> int:
        return _STATUS_AND_TITLE[self][0]

    @property
    def title(self) -> str:  # type: ignore[override]  # the member's heading, not str.title()
        return _STATUS_AND_TITLE[self][1]


_STATUS_AND_TITLE: dict[ErrorCode, tuple[int, str]] = {
    ErrorCode.INVALID: (400, _("The request is not valid")),
    ErrorCode.PARSE_ERROR: (400, _("The request could not be read")),
    ErrorCode.NOT_AUTHENTICATED: (401, _("Sign-in needed")),
    ErrorCode.AUTHENTICATION_FAILED: (401, _("Sign-in failed")),
    ErrorCode.CSRF_FAILED: (403, _("CSRF check failed")),
    ErrorCode.EMAIL_NOT_VERIFIED: (403, _("E-mail address not confirmed")),
    ErrorCode.SECOND_FACTOR_REQUIRED: (403, _("One more step to sign in")),
    ErrorCode.OAUTH_REFUSED: (400, _("Signing in with another service failed")),
    ErrorCode.ACCOUNT_NOT_LINKED: (409, _("Not linked with an account")),
    ErrorCode.LINK_INVALID: (400, _("The link is not valid")),
    ErrorCode.LINK_EXPIRED: (400, _("The link has expired")),
    ErrorCode.PERMISSION_DENIED: (403, _("Not allowed")),
    ErrorCode.NOT_FOUND: (404, _("Not found")),
    ErrorCode.METHOD_NOT_ALLOWED: (405, _("Method not allowed")),
    ErrorCode.NOT_ACCEPTABLE: (406, _("Not acceptable")),
    ErrorCode.REQUEST_TIMEOUT: (408, _("The request took too long to arrive")),
    ErrorCode.CONFLICT: (409, _("Conflict")),
    ErrorCode.LIMIT_REACHED: (409, _("There is no room for another one")),
    ErrorCode.REQUEST_IN_PROGRESS: (409, _("The request is being worked on")),
    ErrorCode.ALREADY_DONE: (409, _("Done already")),
    ErrorCode.IDEMPOTENCY_KEY_REUSED: (422, _("The key was used for another request")),
    ErrorCode.GONE: (410, _("Gone")),
    ErrorCode.REQUEST_TOO_LARGE: (413, _("The request is too large")),
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: (415, _("Unsupported media type")),
    ErrorCode.THROTTLED: (429, _("Too many requests")),
    ErrorCode.CLIENT_TOO_OLD: (403, _("This version of the app is too old")),
    ErrorCode.IMAGE_MISSING: (400, _("No photo")),
    ErrorCode.IMAGE_EMPTY: (400, _("Empty photo")),
    ErrorCode.IMAGE_TYPE_UNSUPPORTED: (415, _("Unsupported kind of photo")),
    ErrorCode.IMAGE_ANIMATED: (415, _("Animated picture")),
    ErrorCode.IMAGE_TOO_LARGE: (413, _("The photo is too large")),
    ErrorCode.IMAGE_TOO_MANY_PIXELS: (422, _("The photo has too many pixels")),
    ErrorCode.IMAGE_TOO_SMALL: (422, _("The photo is too small")),
    ErrorCode.IMAGE_UNREADABLE: (422, _("The photo cannot be read")),
    ErrorCode.TOO_MANY_IMAGES: (400, _("Too many photos")),
    ErrorCode.PROVIDER_UNAVAILABLE: (503, _("Identification unavailable")),
    ErrorCode.IDENTITY_PROVIDER_UNAVAILABLE: (503, _("The service to sign in with does not answer")),
    ErrorCode.BUSY: (503, _("The server is busy")),
    ErrorCode.SERVICE_UNAVAILABLE: (503, _("Temporarily unavailable")),
    ErrorCode.INTERNAL_ERROR: (500, _("Something went wrong")),
}
