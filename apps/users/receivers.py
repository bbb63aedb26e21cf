"""Sign-ins outside of the API, to the admin and the editors' site; and files that go with their rows."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.http import HttpRequest

from apps.users.api.clients import client_of
from apps.users.models import AccountExport, SecurityEventKind, User
from apps.users.services.exports import remove_file
from apps.users.services.leaving import cancel_deletion
from apps.users.services.security_events import note_security_event


@receiver(user_logged_in, dispatch_uid="users.note_sign_in")
def note_sign_in(request: HttpRequest, user: User, **_: Any) -> None:
    client = client_of(request)
    cancel_deletion(user=user, client=client)
    note_security_event(user=user, kind=SecurityEventKind.SIGNED_IN, client=client)


@receiver(user_logged_out, dispatch_uid="users.note_sign_out")
def note_sign_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        note_security_event(user=user, kind=SecurityEventKind.SIGNED_OUT, client=client_of(request))


@receiver(pre_delete, sender=AccountExport, dispatch_uid="users.remove_export_file")
def remove_export_file(instance: AccountExport, **_: Any) -> None:
    remove_file(instance)
