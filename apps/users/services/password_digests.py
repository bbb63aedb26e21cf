"""What ties a link or a ticket to the password it was made with: a new one makes it worthless."""

from django.utils.crypto import salted_hmac

from apps.users.models import User


def password_digest(*, user: User, salt: str) -> str:
    return salted_hmac(salt, user.password, algorithm="sha256").hexdigest()[:32]
