"""Sessions of the editors' site and the admin. Whose they are stands in what is signed, so each is read."""

from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from apps.users.models import User


def browser_sessions_of(user: User) -> QuerySet[Session]:
    sessions = Session.objects.filter(expire_date__gt=datetime.now(UTC)).iterator(chunk_size=500)
    mine = [session.pk for session in sessions if session.get_decoded().get(SESSION_KEY) == str(user.pk)]
    return Session.objects.filter(pk__in=mine)


def forget_expired_browser_sessions() -> None:
    engine: Any = import_module(settings.SESSION_ENGINE)
    engine.SessionStore.clear_expired()
