"""What goes with an account, of what is kept here."""

from typing import Any

from django.conf import settings
from django.db.models.signals import post_delete
from django.dispatch import receiver

from apps.core.models import KeyedRequest


@receiver(post_delete, sender=settings.AUTH_USER_MODEL, dispatch_uid="core.forget_answers")
def forget_answers(instance: Any, **_: Any) -> None:
    KeyedRequest.objects.filter(owner_id=instance.pk).delete()
