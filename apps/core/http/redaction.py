"""Removes keys from texts that may end in a log, a trace or an answer."""

import logging
import re
import threading
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"
# Shorter "secrets" would blot out ordinary words.
_SHORTEST_SECRET = 8

_QUERY = re.compile(
    r"(?i)([?&;](?:api[-_]?key|apikey|key|access[-_]?token|token|secret|signature)=)[^&;\s\"'<>)]*"
)
_HEADER = re.compile(
    r"(?i)(\b(?:x-)?(?:api[-_]key|authorization|auth[-_]token)\b[\"']?\s*[:=]\s*[\"']?"
    r"(?:(?:bearer|basic|token)\s+)?)[^\s\"',;&}]+"
)
_OWN_KEY = re.compile(r"\b(pck_[a-z0-9]{12}_)\w+")  # of our own API, wherever it stands
_USERINFO = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{0,30}://[^/\s:@]*:)[^@/\s]+(?=@)")

_lock = threading.Lock()
_known: frozenset[str] = frozenset()


def register_secret(secret: str) -> None:
    """From now on `redact` removes this text, also where it is percent-encoded."""
    global _known  # noqa: PLW0603 - a frozen set swapped whole can be read without the lock
    if len(secret) < _SHORTEST_SECRET:
        return
    with _lock:
        _known |= {secret, quote(secret, safe=""), quote_plus(secret)}


def redact(text: str) -> str:
    for secret in _known:
        text = text.replace(secret, REDACTED)
    for pattern in (_QUERY, _HEADER, _OWN_KEY, _USERINFO):
        text = pattern.sub(rf"\1{REDACTED}", text)
    return text


class RedactingFilter(logging.Filter):
    """Rewrites a record before any handler sees it; nothing is dropped."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


def silence_library_logs() -> None:
    """urllib3 writes whole URLs into its log: at DEBUG for every call, at WARNING for broken headers."""
    for name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
        logger = logging.getLogger(name)
        if not any(isinstance(kept, RedactingFilter) for kept in logger.filters):
            logger.addFilter(RedactingFilter())
