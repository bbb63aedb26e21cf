"""Choosing a new password: with the old one, or with a link that came by mail."""

from uuid import UUID

from django.contrib.auth import password_validation
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import constant_time_compare

from apps.core.exceptions import FieldError
from apps.users.constants import RESET_LINK_LIFETIME, RESET_LINK_SALT
from apps.users.exceptions import LinkExpired, LinkInvalid, PasswordRefused, PasswordWrong, WrongCredentials
from apps.users.models import SecurityEventKind, User
from apps.users.selectors import find_user_by_email, find_user_by_login
from apps.users.services.confirmation import mark_confirmed
from apps.users.services.devices import forget_devices, remember_device
from apps.users.services.mail import send_password_changed, send_password_link
from apps.users.services.password_digests import password_digest
from apps.users.services.security_events import note_security_event
from apps.users.services.sessions import SignedIn, end_all_sessions, renew_session
from apps.users.types import Client


def check_password(*, login: str, password: str) -> User:
    """Whose password it is. An unknown account costs one hash, as a wrong password does.

    Raises:
        WrongCredentials
    """
    user = find_user_by_login(login=login)
    if user is None:
        User().set_password(password)
        raise WrongCredentials
    if not user.check_password(password) or not user.is_active:
        raise WrongCredentials
    return user


def require_password(*, user: User, password: str, field: str) -> None:
    """Of somebody who is signed in and asks for something that a borrowed phone should not do.

    Raises:
        PasswordWrong: it came in `field`.
    """
    if not user.check_password(password):
        raise PasswordWrong(field=field)


def password_errors(*, password: str, user: User, field: str = "password") -> list[FieldError]:
    """What speaks against it. Waits for an outside service, so not for transactions."""
    try:
        password_validation.validate_password(password, user)
    except ValidationError as exc:
        return [
            FieldError(field, error.code or "invalid", " ".join(error.messages)) for error in exc.error_list
        ]
    return []


def request_password_link(*, email: str) -> None:
    """Nothing is sent to unknown addresses and closed accounts, and nobody is told."""
    user = find_user_by_email(email=email)
    if user is not None and user.is_active:
        send_password_link(email=user.email, make_key=lambda: password_key(user=user))


def password_key(*, user: User) -> str:
    """Good for this account, this address and this password only, so it is used up by the new password."""
    return signing.dumps(
        [str(user.pk), user.email, password_digest(user=user, salt=RESET_LINK_SALT)], salt=RESET_LINK_SALT
    )


def reset_password(*, key: str, password: str, client: Client | None = None) -> str:
    """Whoever has the key reads the account's mail: that confirms the address, and makes theirs a device the
    account knows. All sign-ins end, and all other devices are forgotten. Gives the token for this one.

    A second factor stays: somebody who reads another's mail has not got their phone.

    Raises:
        LinkInvalid: forged, used, or for an address or password the account no longer has.
        LinkExpired
        PasswordRefused
    """
    user = _user_of(key)
    if errors := password_errors(password=password, user=user):
        raise PasswordRefused(errors=errors)
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if (locked.password, locked.email) != (user.password, user.email):
            raise LinkInvalid  # somebody with the same key was quicker
        _set_password(locked, password)
        mark_confirmed(user=locked)
        end_all_sessions(user=locked)
        note_security_event(user=locked, kind=SecurityEventKind.PASSWORD_RESET, client=client)
        forget_devices(user=locked)
        return remember_device(user=locked, token="")


def change_password(
    *, user: User, current_password: str, password: str, session_id: str | None, client: Client
) -> SignedIn:
    """This sign-in goes on with new tokens; all others end, and their devices are forgotten.

    Raises:
        PasswordWrong
        PasswordRefused
    """
    require_password(user=user, password=current_password, field="current_password")
    if errors := password_errors(password=password, user=user, field="new_password"):
        raise PasswordRefused(errors=errors)
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if locked.password != user.password:
            raise PasswordWrong(field="current_password")  # changed a moment ago, by another request
        _set_password(locked, password)
        forget_devices(user=locked, but=client.device)
        note_security_event(user=locked, kind=SecurityEventKind.PASSWORD_CHANGED, client=client)
        return renew_session(user=locked, session_id=session_id, client=client)


def _user_of(key: str) -> User:
    try:
        user_id, email, digest = signing.loads(key, salt=RESET_LINK_SALT, max_age=RESET_LINK_LIFETIME)
        user = User.objects.filter(pk=UUID(user_id), is_active=True).first()
    except signing.SignatureExpired:
        raise LinkExpired from None
    except (signing.BadSignature, ValueError):
        raise LinkInvalid from None
    if (
        user is None
        or user.email != email
        or not constant_time_compare(digest, password_digest(user=user, salt=RESET_LINK_SALT))
    ):
        raise LinkInvalid
    return user


def _set_password(user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password", "updated_at"])
    send_password_changed(email=user.email)
