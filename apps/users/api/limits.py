"""How often signing in and mails may be tried, per network address and per account.

An account is counted under what was typed, whether it exists or not: the count tells nothing.
"""

import hashlib

from django.conf import settings
from rest_framework.request import Request

from apps.core.api.addresses import client_address
from apps.core.api.limits import Limiter, Usage
from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError
from apps.core.sentences import Sentence
from apps.users.api.names import fold_login
from apps.users.constants import REGISTER_PERIOD_S, SIGN_IN_PERIOD_S


class TwofoldLimit:
    """The same limit for the address a request comes from and for the account it is about."""

    def __init__(self, group: str, *, period_s: int, setting: str) -> None:
        self._by_address = Limiter(f"{group}-address", period_s)
        self._by_account = Limiter(f"{group}-account", period_s)
        self._setting = setting

    def require_room(self, request: Request, account: str) -> None:
        """
        Raises:
            DomainError: throttled.
        """
        _refuse_exceeded(
            [
                limiter.peek(request, key=key, limit=limit)
                for limiter, key, limit in self._all(request, account)
            ]
        )

    def count(self, request: Request, account: str) -> None:
        """
        Raises:
            DomainError: throttled, when this one is too many.
        """
        _refuse_exceeded(
            [
                limiter.count(request, key=key, limit=limit)
                for limiter, key, limit in self._all(request, account)
            ]
        )

    def _all(self, request: Request, account: str) -> list[tuple[Limiter, str, int]]:
        limit: int = getattr(settings, self._setting)
        return [
            (self._by_address, client_address(request), limit),
            (self._by_account, _account_key(account), limit),
        ]


SIGN_IN_FAILURES = TwofoldLimit("sign-in", period_s=SIGN_IN_PERIOD_S, setting="SIGN_IN_RATE")
REGISTRATIONS = TwofoldLimit("register", period_s=REGISTER_PERIOD_S, setting="REGISTER_RATE")
RESENT_MAILS = TwofoldLimit("email-resend", period_s=REGISTER_PERIOD_S, setting="REGISTER_RATE")


def _account_key(account: str) -> str:
    """However it is written; hashed, because counters need not know addresses."""
    return hashlib.sha256(fold_login(account).encode()).hexdigest()


def _refuse_exceeded(usages: list[Usage]) -> None:
    waits = [usage.reset_s for usage in usages if usage.exceeded]
    if waits:
        raise DomainError(
            Sentence("Too many attempts. Please try again later."),
            code=ErrorCode.THROTTLED,
            retry_after_s=max(waits),
        )
