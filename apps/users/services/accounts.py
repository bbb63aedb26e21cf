"""Making an account, changing its profile."""

from uuid import uuid4

from django.db import IntegrityError, transaction

from apps.core.exceptions import FieldError
from apps.core.sentences import Sentence
from apps.users.constants import GENERATED_USERNAME_PREFIX
from apps.users.exceptions import ProfileRefused, RegistrationRefused
from apps.users.models import User
from apps.users.selectors import find_user_by_email, has_username
from apps.users.services.confirmation import request_confirmation
from apps.users.services.mail import send_already_registered
from apps.users.services.passwords import password_errors
from apps.users.services.sessions import SignedIn
from apps.users.services.signing_in import begin_session
from apps.users.types import Client, Registration

EMAIL_TAKEN = FieldError("email", "taken", Sentence("There is an account with this e-mail address."))
USERNAME_TAKEN = FieldError("username", "taken", Sentence("This name is taken."))


def register_user(*, registration: Registration, client: Client) -> SignedIn:
    """Make the account and sign in at once; the confirmation mail may be followed later.

    Raises:
        RegistrationRefused: also for a known address.
    """
    user = _prepared(registration)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise RegistrationRefused(errors=[_taken_by_now(user)]) from None
    request_confirmation(user=user)
    return begin_session(user=user, client=client)


def apply_for_account(*, registration: Registration) -> None:
    """Make the account, to be used once its address is confirmed.

    For a known address the same is done as far as anybody can see: one hash, one write, one mail.
    An address that was never confirmed belongs to nobody yet, so the latest application counts.
    The wished name is given on confirmation: were it given now, asking for it again with another
    address would tell whether the first one was known.

    Raises:
        RegistrationRefused: for the name or the password, never for the address.
    """
    applicant = _prepared(registration)
    if registration.username:
        applicant.wished_username, applicant.username = applicant.username, generated_username()
    try:
        _apply(applicant)
    except IntegrityError:  # somebody applied with the same address between the question and the write
        _apply(applicant)


def update_profile(*, user: User, changes: dict[str, str]) -> User:
    """Change names; `changes` holds only `username`, `first_name` and `last_name`.

    Raises:
        ProfileRefused: the name is taken.
        ValidationError: of a field's form.
    """
    for field in ("username", "first_name", "last_name"):
        setattr(user, field, changes.get(field, getattr(user, field)))
    user.username = User.normalize_username(user.username)
    user.clean_fields(exclude=["password"])
    try:
        with transaction.atomic():
            user.save(update_fields=["username", "first_name", "last_name", "updated_at"])
    except IntegrityError:
        raise ProfileRefused(errors=[USERNAME_TAKEN]) from None
    return user


def _prepared(registration: Registration) -> User:
    """An account as asked for, not saved; everything but the address being free is judged.

    Raises:
        RegistrationRefused
        ValidationError: of a field's form.
    """
    user = User(
        username=User.normalize_username(registration.username) or generated_username(),
        email=User.objects.normalize_email(registration.email),
        first_name=registration.first_name,
        last_name=registration.last_name,
    )
    user.clean_fields(exclude=["password"])
    errors = password_errors(password=registration.password, user=user)
    if has_username(username=user.username):
        errors.append(USERNAME_TAKEN)
    if errors:
        raise RegistrationRefused(errors=errors)
    user.set_password(registration.password)
    return user


def generated_username() -> str:
    return f"{GENERATED_USERNAME_PREFIX}{uuid4().hex[:12]}"


def _taken_by_now(user: User) -> FieldError:
    return USERNAME_TAKEN if find_user_by_email(email=user.email) is None else EMAIL_TAKEN


def _apply(applicant: User) -> None:
    """One question, one write and one mail, whatever the answer to the question."""
    with transaction.atomic():
        known = User.objects.get_queryset().with_email(applicant.email).select_for_update().first()
        if known is None:
            applicant.save(force_insert=True)
            request_confirmation(user=applicant)
        elif known.has_confirmed_email or not known.is_active:
            known.save(update_fields=["updated_at"])
            send_already_registered(email=known.email)
        else:
            for field in ("password", "wished_username", "first_name", "last_name"):
                setattr(known, field, getattr(applicant, field))
            known.save()
            request_confirmation(user=known)
