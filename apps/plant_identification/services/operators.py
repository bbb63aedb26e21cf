"""Who may see and operate `/ops/`: staff, signed in with a session of this site."""

import hashlib
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from apps.users.public import Holder, person_behind

GROUP = "operators"
"""Whoever shows operators something live is told of changes in this group of the channel layer."""


def is_operator(user: AbstractBaseUser | AnonymousUser) -> bool:
    return bool(user.is_authenticated and user.is_active and getattr(user, "is_staff", False))


def operator_of(session_key: str) -> AbstractBaseUser | None:
    """As things are now: a session that has ended, a new password or a lost role make it None."""
    engine: Any = import_module(settings.SESSION_ENGINE)
    request = HttpRequest()
    request.session = engine.SessionStore(session_key)
    user = get_user(request)
    return user if isinstance(user, AbstractBaseUser) and is_operator(user) else None


def operator_behind(holder: Holder) -> AbstractBaseUser | None:
    """The same of somebody who came with a ticket."""
    user = person_behind(holder)
    return user if user is not None and is_operator(user) else None


def session_digest(session_key: str) -> str:
    """Names a session in messages without giving it away."""
    return hashlib.sha256(session_key.encode()).hexdigest()
