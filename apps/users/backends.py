from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from apps.core.exceptions import DomainError
from apps.users.api.clients import client_of
from apps.users.api.limits import SECOND_FACTOR_FAILURES, SIGN_IN_FAILURES, AttemptLimit
from apps.users.exceptions import SecondFactorMissing
from apps.users.models import User
from apps.users.selectors import has_second_factor
from apps.users.services.signing_in import prove_code, prove_password


class EmailOrUsernameBackend(ModelBackend):
    """Sign in by e-mail address or name, however they are capitalised.

    Whatever form asks, of ours or of a library: with a request the limits hold, and where an account has a
    second factor, nobody gets in without.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        login = username or kwargs.get("email")
        if not login or password is None:
            return None
        try:
            return prove(request, login, password, kwargs.get("code", ""))
        except DomainError:
            return None


def prove(request: HttpRequest | None, login: str, password: str, code: str) -> User:
    """
    Raises:
        WrongCredentials
        SecondFactorMissing
        CodeRefused
        DomainError: throttled.
    """
    client = None if request is None else client_of(request)
    with _limited(SIGN_IN_FAILURES, request, login):
        user = prove_password(login=login, password=password, client=client)
    if has_second_factor(user=user):
        if not code:
            raise SecondFactorMissing
        with _limited(SECOND_FACTOR_FAILURES, request, user.email):
            prove_code(user=user, code=code, client=client)
    return user


def _limited(limit: AttemptLimit, request: HttpRequest | None, account: str) -> AbstractContextManager[None]:
    """Without a request it is our own code that asks, and nobody from outside."""
    return nullcontext() if request is None else limit.attempt(request, account)
