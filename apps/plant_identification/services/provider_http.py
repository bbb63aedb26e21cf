"""One exchange with a provider, and what its failures are called: the same table for every service.

    answered, as expected           the reply
    400/413/415 about the photo     ProviderRefusedPhoto
    400 about a parameter           ProviderMisconfigured
    401/403                         ProviderRefusedKey
    429                             ProviderQuotaReached
    408, 5xx                        ProviderFailed
    any other status                ProviderMisconfigured
    no complete reply in time       ProviderTimedOut
    nothing was sent                ProviderNotReached
    connection lost                 ProviderFailed
    too large, or no JSON           ProviderReplyUnreadable

No text made here repeats the service's words or the address: either may hold the key.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from apps.core.http import OutboundClient, Reply, errors
from apps.core.resilience.clock import Deadline, DeadlinePassed
from apps.plant_identification.constants import CONNECT_TIMEOUT_S, PROVIDER_REPLY_MAX_BYTES
from apps.plant_identification.exceptions import (
    ProviderError,
    ProviderFailed,
    ProviderMisconfigured,
    ProviderNotAsked,
    ProviderNotReached,
    ProviderQuotaReached,
    ProviderRefusedKey,
    ProviderRefusedPhoto,
    ProviderReplyUnreadable,
    ProviderTimedOut,
)

RETRY_AFTER_MAX_S = 31 * 86_400  # the longest quota window there is
_ERROR_BODY_CHARS = 2_000

# A 400 that names a parameter will be given to every photo: it is our mistake, and an alarm.
_ABOUT_A_PARAMETER = re.compile(
    r"is not allowed|is required|must be|\bmissing\b|\bunknown\b|not in iso format|not a string"
    r"|\b(?:datetime|details?|lang(?:uage)?s?|latitude|longitude|custom[ _]id|suggestion_filter|modifiers?"
    r"|classification_level|similar_images|nb-results|organs?|project|json data)\b",
    re.IGNORECASE,
)
# ... unless it names what is on the photo after all ("the image must be at least 100 px wide").
_ABOUT_THE_PHOTO = re.compile(
    r"\b(?:image|photo|picture|file)s?\b.*"
    r"\b(?:size|small|large|big|wide|high|pixels?|px|mpx|resolution|corrupt\w*|truncated|decod\w+|format|type)\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConnection:
    """The outbound client as providers use it."""

    http: OutboundClient
    label: str  # the service's name as people write it

    def send(
        self,
        method: str,
        url: str,
        *,
        deadline: Deadline,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Any = None,
        files: Any = None,
    ) -> Reply:
        """
        Raises:
            ProviderError: there is no complete reply. Any status is a reply.
        """
        try:
            return self.http.send(
                method,
                url,
                deadline=deadline,
                connect_timeout_s=CONNECT_TIMEOUT_S,
                max_bytes=PROVIDER_REPLY_MAX_BYTES,
                params=params,
                headers=headers,
                data=data,
                files=files,
            )
        except errors.OutboundError as failure:
            # Without the cause: what it knows about the request does not belong into a trace.
            raise self._without_reply(failure) from None
        except DeadlinePassed:
            raise ProviderNotAsked("No time was left to ask.") from None

    def _without_reply(self, failure: errors.OutboundError) -> ProviderError:
        if isinstance(failure, errors.RequestInvalid):
            mistake = ProviderMisconfigured(f"The request to {self.label} could not be written.")
            mistake.request_sent = False
            return mistake
        if not failure.request_sent:
            return ProviderNotReached(f"{self.label} could not be reached.")
        if isinstance(failure, errors.TimedOut):
            return ProviderTimedOut(f"{self.label} did not answer in time.")
        if isinstance(failure, errors.ReplyTooLarge | errors.ReplyUnreadable):
            return ProviderReplyUnreadable(f"{self.label} answered with something unreadable.")
        return ProviderFailed(f"The connection to {self.label} was lost.")

    def refusal(self, reply: Reply, *, about_photo: bool) -> ProviderError:
        """What a status other than the expected ones means. `about_photo`: photos were in the request."""
        status = reply.status
        said = f"{self.label} answered {status}."
        if status in {401, 403}:
            return ProviderRefusedKey(said, status_code=status)
        if status == 429:
            return ProviderQuotaReached(said, status_code=status, retry_after_s=retry_after_s(reply.headers))
        if about_photo and (status in {413, 415} or (status == 400 and not _blames_parameter(reply))):
            return ProviderRefusedPhoto(said, status_code=status)
        if status < 300:
            return ProviderReplyUnreadable(said, status_code=status)
        if status == 408 or status >= 500:
            return ProviderFailed(said, status_code=status, retry_after_s=retry_after_s(reply.headers))
        return ProviderMisconfigured(said, status_code=status)


def _blames_parameter(reply: Reply) -> bool:
    words = error_text(reply)
    return bool(_ABOUT_A_PARAMETER.search(words)) and not _ABOUT_THE_PHOTO.search(words)


def error_text(reply: Reply) -> str:
    """The service's own words, for deciding only: the message of a JSON error, else the plain text."""
    try:
        payload = msgspec.json.decode(reply.content)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        payload = None
    message = payload.get("message") if isinstance(payload, dict) else payload
    if not isinstance(message, str):
        message = reply.content[: 4 * _ERROR_BODY_CHARS].decode("utf-8", "replace")
    return message[:_ERROR_BODY_CHARS].strip()


def read_json(reply: Reply) -> object:
    """
    Raises:
        ProviderReplyUnreadable: the body is not JSON; NaN and its like are not.
    """
    try:
        payload: object = msgspec.json.decode(reply.content)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise ProviderReplyUnreadable("The reply is not JSON.", status_code=reply.status) from None
    return payload


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds until the service may be asked again, from seconds or an HTTP date.

    A date is read against the service's own `Date`, so that a wrong clock on either side does no harm.
    """
    value = (headers.get("Retry-After") or "").strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), RETRY_AFTER_MAX_S))
    until = _http_date(value)
    if until is None:
        return None
    now = _http_date(headers.get("Date") or "") or datetime.now(UTC)
    return min(max(0.0, (until - now).total_seconds()), float(RETRY_AFTER_MAX_S))


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    # "-0000" means UTC without saying so, and is read as naive.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def host_of(base_url: str) -> str:
    """Host and port, without any credentials an address may carry."""
    return urlsplit(base_url).netloc.rpartition("@")[2].lower()
