"""Proof that an e-mail address belongs to whoever holds the account."""

from uuid import UUID

from django.core import signing
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from apps.users.constants import EMAIL_LINK_LIFETIME, EMAIL_LINK_SALT
from apps.users.exceptions import LinkExpired, LinkInvalid
from apps.users.models import SecurityEventKind, User
from apps.users.selectors import find_user_by_email, has_username
from apps.users.services.mail import send_confirmation_link
from apps.users.services.password_digests import password_digest
from apps.users.services.security_events import note_security_event


def confirmation_key(*, user: User) -> str:
    """Good for this account, this address and this password only: a later registration with the
    same unconfirmed address makes the links of an earlier one worthless."""
    content = [str(user.pk), user.email, password_digest(user=user, salt=EMAIL_LINK_SALT)]
    return signing.dumps(content, salt=EMAIL_LINK_SALT)


def request_confirmation(*, user: User) -> None:
    send_confirmation_link(email=user.email, make_key=lambda: confirmation_key(user=user))


def resend_confirmation(*, email: str) -> None:
    """Nothing is sent to unknown or confirmed addresses, and nobody is told."""
    user = find_user_by_email(email=email)
    if user is not None and user.is_active and not user.has_confirmed_email:
        request_confirmation(user=user)


def confirm_email(*, key: str) -> User:
    """Confirming twice changes nothing the second time.

    Raises:
        LinkInvalid: forged, or for an address or password the account no longer has.
        LinkExpired
    """
    user_id, email, digest = _content(key)
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=user_id, is_active=True).first()
        if user is None or user.email != email:
            raise LinkInvalid
        if user.has_confirmed_email:
            return user
        if not constant_time_compare(digest, password_digest(user=user, salt=EMAIL_LINK_SALT)):
            raise LinkInvalid
        mark_confirmed(user=user)
    return user


def mark_confirmed(*, user: User) -> None:
    """Something that only went to the address has come back. For a row that the caller has locked."""
    if user.has_confirmed_email:
        return
    user.email_verified_at = timezone.now()
    user.save(update_fields=["email_verified_at", "updated_at"])
    _give_wished_username(user)
    note_security_event(user=user, kind=SecurityEventKind.EMAIL_CONFIRMED)


def _content(key: str) -> tuple[UUID, str, str]:
    try:
        user_id, email, digest = signing.loads(key, salt=EMAIL_LINK_SALT, max_age=EMAIL_LINK_LIFETIME)
        return UUID(user_id), email, digest
    except signing.SignatureExpired:
        raise LinkExpired from None
    except (signing.BadSignature, ValueError):
        raise LinkInvalid from None


def _give_wished_username(user: User) -> None:
    """If nobody took it meanwhile; else the generated name stays and can be changed in the profile."""
    wish, user.wished_username = user.wished_username, ""
    if wish and not has_username(username=wish):
        try:
            with transaction.atomic():
                User.objects.filter(pk=user.pk).update(username=wish)
            user.username = wish
        except IntegrityError:
            pass
    user.save(update_fields=["wished_username", "updated_at"])
