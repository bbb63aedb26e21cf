"""How often signing in and mails may be tried, per network address and per account.

An account is counted under what was typed, whether it exists or not: the count tells nothing. Who comes
from a device known to the account is counted apart, so that strangers cannot lock anybody out.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from apps.core.api.limits import Limiter
from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError
from apps.core.sentences import Sentence
from apps.users.api.clients import client_of
from apps.users.api.names import fold_login
from apps.users.constants import EXPORT_PERIOD_S, REGISTER_PERIOD_S, SIGN_IN_PERIOD_S
from apps.users.exceptions import ProofRefused
from apps.users.models import User
from apps.users.services.attempts import Rule, Tally, count_attempt, look_at_attempts, take_attempt_back
from apps.users.services.devices import is_known_device

AnyRequest = HttpRequest | Request


class AttemptLimit:
    def __init__(self, group: str, *, period_s: int, setting: str, delay_grows: bool = False) -> None:
        self._group = group
        self._period_s = period_s
        self._setting = setting
        self._delay_grows = delay_grows

    def count(self, request: AnyRequest, account: str) -> None:
        """
        Raises:
            DomainError: throttled, when this one is too many.
        """
        self._count(request, self._kinds(request, account))

    def look(self, request: AnyRequest, account: str) -> None:
        """For the headers of an answer that counts nothing."""
        kinds = self._kinds(request, account)
        self._note(request, kinds, look_at_attempts(subjects=self._subjects(kinds), rule=self._rule()))

    @contextmanager
    def attempt(self, request: AnyRequest, account: str) -> Iterator[None]:
        """Only `ProofRefused` in the block counts: a family behind one address may sign in as it likes.

        Raises:
            DomainError: throttled, before the block.
        """
        kinds = self._kinds(request, account)
        tallies = self._count(request, kinds)
        failed = False
        try:
            yield
        except ProofRefused:
            failed = True
            raise
        finally:
            if not failed:
                take_attempt_back(subjects=self._subjects(kinds), rule=self._rule())
                self._note(request, kinds, [replace(tally, attempts=tally.attempts - 1) for tally in tallies])

    def _count(self, request: AnyRequest, kinds: Sequence[tuple[str, str]]) -> list[Tally]:
        tallies = count_attempt(subjects=self._subjects(kinds), rule=self._rule())
        self._note(request, kinds, tallies)
        wait_s = max(tally.refused_s for tally in tallies)
        if wait_s:
            raise _too_many(wait_s)
        return tallies

    def _rule(self) -> Rule:
        return Rule(getattr(settings, self._setting), self._period_s, self._delay_grows)

    def _kinds(self, request: AnyRequest, account: str) -> list[tuple[str, str]]:
        client, name = client_of(request), fold_login(account)
        if is_known_device(login=account, token=client.device):
            return [("device", f"{client.device} {name}")]
        return [("address", client.address), ("account", name)]

    def _subjects(self, kinds: Sequence[tuple[str, str]]) -> list[str]:
        return [f"{self._group} {kind} {value}" for kind, value in kinds]

    def _note(self, request: AnyRequest, kinds: Sequence[tuple[str, str]], tallies: Sequence[Tally]) -> None:
        """For the headers of the answer."""
        limit = self._rule().limit
        for (kind, _), tally in zip(kinds, tallies, strict=True):
            limiter = Limiter(f"{self._group}-{kind}", self._period_s)
            reset_s = max(1, round(tally.reset_s))
            limiter.note(request, limit, tally.attempts, reset_s, exceeded=tally.refused_s > 0)


class ExportLimit:
    """Of one person, wherever the requests come from."""

    def __init__(self) -> None:
        self._by_person = Limiter("account-export", EXPORT_PERIOD_S)

    def look(self, request: Request, user: User) -> None:
        """For the headers of the answer."""
        self._by_person.peek(request, key=f"user-{user.pk}", limit=settings.ACCOUNT_EXPORT_RATE)

    def count(self, request: Request, user: User) -> None:
        """
        Raises:
            DomainError: throttled, when this one is too many.
        """
        limit: int = settings.ACCOUNT_EXPORT_RATE
        usage = self._by_person.count(request, key=f"user-{user.pk}", limit=limit)
        if usage.exceeded:
            raise _too_many(usage.reset_s)


SIGN_IN_FAILURES = AttemptLimit(
    "sign-in", period_s=SIGN_IN_PERIOD_S, setting="SIGN_IN_RATE", delay_grows=True
)
SECOND_FACTOR_FAILURES = AttemptLimit(
    "second-factor", period_s=SIGN_IN_PERIOD_S, setting="SECOND_FACTOR_RATE", delay_grows=True
)
REGISTRATIONS = AttemptLimit("register", period_s=REGISTER_PERIOD_S, setting="REGISTER_RATE")
RESENT_MAILS = AttemptLimit("email-resend", period_s=REGISTER_PERIOD_S, setting="REGISTER_RATE")
PASSWORD_RESETS = AttemptLimit("password-reset", period_s=REGISTER_PERIOD_S, setting="PASSWORD_RESET_RATE")
EXPORTS = ExportLimit()


def _too_many(wait_s: float) -> DomainError:
    return DomainError(
        Sentence("Too many attempts. Please try again later."), code=ErrorCode.THROTTLED, retry_after_s=wait_s
    )
