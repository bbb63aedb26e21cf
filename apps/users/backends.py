from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from apps.users.models import User


class EmailOrUsernameBackend(ModelBackend):
    """Sign in by e-mail address or name, however they are capitalised.

    An unknown account costs one hash, as a wrong password does: time does not tell who is here.
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
        user = User.objects.get_queryset().with_login(login).first()
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None
