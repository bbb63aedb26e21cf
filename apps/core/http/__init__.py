"""Outbound HTTP that cannot forget its time-outs: see `client.OutboundClient`."""

from apps.core.http.client import OutboundClient, Reply
from apps.core.http.errors import (
    ConnectFailed,
    ConnectionLost,
    OutboundError,
    ReplyTooLarge,
    ReplyUnreadable,
    RequestInvalid,
    TimedOut,
)
from apps.core.http.redaction import redact, register_secret

__all__ = [
    "ConnectFailed",
    "ConnectionLost",
    "OutboundClient",
    "OutboundError",
    "Reply",
    "ReplyTooLarge",
    "ReplyUnreadable",
    "RequestInvalid",
    "TimedOut",
    "redact",
    "register_secret",
]
