"""From a proof of who somebody is to their tokens: the one way in, whatever the proof was."""

from uuid import UUID

from django.contrib.auth.models import update_last_login
from django.core import signing
from django.utils.crypto import constant_time_compare

from apps.users.constants import SECOND_FACTOR_TICKET_LIFETIME, SECOND_FACTOR_TICKET_SALT
from apps.users.exceptions import CodeRefused, EmailNotConfirmed, TicketRefused, WrongCredentials
from apps.users.metrics import counted_authentication
from apps.users.models import SecurityEventKind, User
from apps.users.selectors import has_second_factor, may_sign_in
from apps.users.services.devices import remember_device
from apps.users.services.password_digests import password_digest
from apps.users.services.passwords import check_password
from apps.users.services.second_factor import use_code
from apps.users.services.security_events import note_failed_sign_in, note_security_event
from apps.users.services.sessions import SignedIn, open_session
from apps.users.types import Client, Delivery, SecondFactorNeeded


@counted_authentication()
def sign_in(
    *, login: str, password: str, client: Client, delivery: Delivery
) -> SignedIn | SecondFactorNeeded:
    """
    Raises:
        WrongCredentials
        EmailNotConfirmed: only where the password was right.
    """
    user = prove_password(login=login, password=password, client=client)
    return complete_sign_in(user=user, client=client, delivery=delivery)


def prove_password(*, login: str, password: str, client: Client | None) -> User:
    """A failure is written down. `client` is None where nobody's request is behind it.

    Raises:
        WrongCredentials
    """
    try:
        return check_password(login=login, password=password)
    except WrongCredentials:
        note_failed_sign_in(login=login, client=client)
        raise


def prove_code(*, user: User, code: str, client: Client | None) -> None:
    """Likewise.

    Raises:
        CodeRefused
    """
    try:
        use_code(user=user, code=code, client=client)
    except CodeRefused:
        note_security_event(user=user, kind=SecurityEventKind.SECOND_FACTOR_FAILED, client=client)
        raise


def complete_sign_in(*, user: User, client: Client, delivery: Delivery) -> SignedIn | SecondFactorNeeded:
    """For somebody who has proven to be `user`, by a password or by the word of somebody we trust.

    Raises:
        WrongCredentials: the account is closed.
        EmailNotConfirmed
    """
    if not user.is_active:
        raise WrongCredentials
    if not may_sign_in(user=user):
        raise EmailNotConfirmed
    if has_second_factor(user=user):
        ticket = signing.dumps(
            [str(user.pk), password_digest(user=user, salt=SECOND_FACTOR_TICKET_SALT), delivery],
            salt=SECOND_FACTOR_TICKET_SALT,
        )
        return SecondFactorNeeded(ticket, int(SECOND_FACTOR_TICKET_LIFETIME.total_seconds()))
    return begin_session(user=user, client=client)


def begin_session(*, user: User, client: Client) -> SignedIn:
    """Every proof was given."""
    update_last_login(None, user)  # type: ignore[arg-type]
    signed_in = open_session(user=user, client=client)
    return SignedIn(user, signed_in.tokens, device=remember_device(user=user, token=client.device))


def read_ticket(*, ticket: str) -> tuple[User, Delivery]:
    """Who has done the first step, and how they want their tokens.

    Raises:
        TicketRefused
    """
    try:
        user_id, digest, delivery = signing.loads(
            ticket, salt=SECOND_FACTOR_TICKET_SALT, max_age=SECOND_FACTOR_TICKET_LIFETIME
        )
        user = User.objects.filter(pk=UUID(user_id), is_active=True).first()
    except (signing.BadSignature, ValueError):
        raise TicketRefused from None
    if user is None or not constant_time_compare(
        digest, password_digest(user=user, salt=SECOND_FACTOR_TICKET_SALT)
    ):
        raise TicketRefused
    return user, Delivery(delivery)


@counted_authentication()
def finish_sign_in(*, user: User, code: str, client: Client) -> SignedIn:
    """The second step of somebody whose ticket was good.

    Raises:
        CodeRefused
        EmailNotConfirmed
    """
    if not may_sign_in(user=user):
        raise EmailNotConfirmed
    prove_code(user=user, code=code, client=client)
    return begin_session(user=user, client=client)
