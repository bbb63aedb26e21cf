"""Passwords that are known from breaches elsewhere, as Have I Been Pwned lists them.

The service is told five of the forty digits of the password's SHA-1, and answers with the rest of every
digest it knows that begins so, some made up (`Add-Padding`): it never learns the password, nor whether it was
there. Where it does not answer, the password is taken: nobody has to wait for it to choose one.
"""

import hashlib
import re
from concurrent.futures import CancelledError
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.core.db import release_connection
from apps.core.http import OutboundClient, OutboundError
from apps.core.outage import Outage
from apps.core.resilience.clock import DeadlinePassed
from apps.core.resilience.pool import BoundedPool, PoolFull
from apps.core.resilience.shared_cache import SharedCache
from apps.users.constants import (
    BREACHES_CACHED_S,
    BREACHES_DEADLINE_S,
    BREACHES_LEFT_ALONE_S,
    BREACHES_MAX_BYTES,
    BREACHES_WAIT_S,
    PASSWORD_MAX_LENGTH,
)
from apps.users.metrics import BREACH_CHECKS

_PREFIX_CHARS = 5
_LINE = re.compile(r"([0-9A-F]{35}):(\d{1,12})")


class _Unreadable(Exception):
    """An answer that is none."""


class _LeftAlone(Exception):
    """Not asked, because it failed a moment ago."""


OUTAGE = Outage(
    "Have I Been Pwned",
    memo_s=BREACHES_LEFT_ALONE_S,
    left_alone=_LeftAlone,
    meanwhile="new passwords are not looked up there",
    events=("breached_passwords_unavailable", "breached_passwords_back"),
)
CACHE = SharedCache(max_local_entries=32, max_local_bytes=2_000_000)
_client = OutboundClient()
# The deadline does not end the looking up of a name; waiting for a thread does.
_pool = BoundedPool("breached-passwords", max_workers=4, max_queue=16)


class BreachedPasswordValidator:
    """One of AUTH_PASSWORD_VALIDATORS."""

    def validate(self, password: str, user: Any = None) -> None:
        if settings.BREACHED_PASSWORDS_URL and _is_breached(password):
            raise ValidationError(
                _("This password is known from a break-in elsewhere, and others try it. Choose another one."),
                code="password_breached",
            )

    def get_help_text(self) -> str:
        return _("Your password must not be known from a break-in elsewhere.")


class MaximumLengthValidator:
    """One of AUTH_PASSWORD_VALIDATORS, for forms that have no limit of their own."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > PASSWORD_MAX_LENGTH:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return _("Your password must have %(most)d characters at most.") % {"most": PASSWORD_MAX_LENGTH}


def _is_breached(password: str) -> bool:
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    prefix, rest = digest[:_PREFIX_CHARS], digest[_PREFIX_CHARS:]
    key = f"users:breaches:{prefix}"
    listed = CACHE.get(key)
    if listed is None:
        listed = _ask(prefix)
        if listed is None:
            return False
        CACHE.set(key, listed, BREACHES_CACHED_S)
    BREACH_CHECKS.labels("breached" if rest in listed else "not_listed").inc()
    return rest in listed


def _ask(prefix: str) -> list[str] | None:
    """None where there is no answer."""
    release_connection()
    try:
        OUTAGE.admit()
        listed = _pool.submit(_fetch, settings.BREACHED_PASSWORDS_URL, prefix).result(BREACHES_WAIT_S)
    except (_LeftAlone, PoolFull, CancelledError):
        BREACH_CHECKS.labels("not_asked").inc()
        return None
    except (OutboundError, DeadlinePassed, TimeoutError, _Unreadable) as exc:
        OUTAGE.note_failure(exc)
        BREACH_CHECKS.labels("no_answer").inc()
        return None
    OUTAGE.note_answer()
    return listed


def _fetch(url: str, prefix: str) -> list[str]:
    reply = _client.send(
        "GET",
        f"{url.rstrip('/')}/{prefix}",
        deadline=BREACHES_DEADLINE_S,
        connect_timeout_s=BREACHES_DEADLINE_S,
        max_bytes=BREACHES_MAX_BYTES,
        headers={"Add-Padding": "true", "User-Agent": "plant-community"},
    )
    lines = [_LINE.fullmatch(line) for line in reply.content.decode(errors="replace").split()]
    if reply.status != 200 or not lines or None in lines:
        raise _Unreadable(f"HTTP {reply.status}")
    return [line[1] for line in lines if line is not None and int(line[2])]  # padding has no count
