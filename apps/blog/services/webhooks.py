"""Tells others that content has changed, so that they let go of what they keep.

Messages follow https://www.standardwebhooks.com: an id that stays the same when a message comes again, the
moment of this attempt, and an HMAC-SHA256 over both and the body.
"""

import base64
import hashlib
import hmac
import json
import logging
import time
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from apps.blog.constants import WEBHOOK_DEADLINE_S, WEBHOOK_REPLY_MAX_BYTES
from apps.core.background import enqueue
from apps.core.http import OutboundClient, OutboundError, ReplyTooLarge, ReplyUnreadable
from apps.core.resilience.clock import DeadlinePassed

DELIVER_WEBHOOK = "blog.deliver_webhook"
SECRET_PREFIX = "whsec_"  # noqa: S105 - how such secrets begin
_WORTH_ANOTHER_TRY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}

logger = logging.getLogger(__name__)


class WebhookNotTaken(Exception):
    def __init__(self, reason: str, *, may_be_taken_later: bool) -> None:
        super().__init__(reason)
        self.may_be_taken_later = may_be_taken_later


def announce_change(*, event: str, data: dict[str, Any]) -> None:
    """To each configured address, once this transaction has been committed."""
    if not settings.CONTENT_WEBHOOK_URLS:
        return
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    message = {"id": f"msg_{uuid4().hex}", "type": event, "timestamp": moment, "data": data}
    transaction.on_commit(lambda: _send_on_their_way(message))


def _send_on_their_way(message: dict[str, Any]) -> None:
    """By the address's number: addresses may hold keys, and tasks lie around in Redis."""
    for number in range(len(settings.CONTENT_WEBHOOK_URLS)):
        if not enqueue(DELIVER_WEBHOOK, number, message):
            _log(logging.WARNING, "webhook_not_sent", number, message)


def deliver_webhook(*, number: int, message: dict[str, Any]) -> None:
    """
    Raises:
        WebhookNotTaken: the other side did not take it; whether it may take it later is told.
    """
    if number >= len(settings.CONTENT_WEBHOOK_URLS):
        return  # the address has been taken out of the settings since
    body = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
    try:
        reply = _client(settings.CONTENT_WEBHOOK_SECRET).send(
            "POST",
            settings.CONTENT_WEBHOOK_URLS[number],
            deadline=WEBHOOK_DEADLINE_S,
            max_bytes=WEBHOOK_REPLY_MAX_BYTES,
            headers=_headers(message["id"], body),
            data=body,
        )
    except (ReplyTooLarge, ReplyUnreadable):
        return  # it has arrived, and nobody reads what is said to it
    except (OutboundError, DeadlinePassed) as exc:
        raise WebhookNotTaken(type(exc).__name__, may_be_taken_later=True) from None
    if not HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        is_passing = reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status in _WORTH_ANOTHER_TRY
        raise WebhookNotTaken(f"HTTP {reply.status}", may_be_taken_later=is_passing)


def give_webhook_up(*, number: int, message: dict[str, Any], reason: str) -> None:
    _log(logging.ERROR, "webhook_given_up", number, message, reason=reason)


def signing_key(secret: str) -> bytes:
    """
    Raises:
        ValueError: the secret is not base64.
    """
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)


def _headers(message_id: str, body: bytes) -> dict[str, str]:
    moment = str(int(time.time()))
    signed = b".".join([message_id.encode(), moment.encode(), body])
    digest = hmac.new(signing_key(settings.CONTENT_WEBHOOK_SECRET), signed, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "Webhook-Id": message_id,
        "Webhook-Timestamp": moment,
        "Webhook-Signature": f"v1,{base64.b64encode(digest).decode()}",
    }


@cache
def _client(secret: str) -> OutboundClient:
    return OutboundClient(secrets=[secret])


def _log(level: int, event: str, number: int, message: dict[str, Any], **facts: Any) -> None:
    known = number < len(settings.CONTENT_WEBHOOK_URLS)
    host = urlsplit(settings.CONTENT_WEBHOOK_URLS[number]).hostname if known else None
    facts |= {"event": event, "host": host, "webhook_id": message["id"], "change": message["type"]}
    logger.log(level, event, extra=facts)
