"""What the workers do for the blog. Each task is safe to run twice."""

from typing import Any

from celery import Task, shared_task

from apps.blog.constants import WEBHOOK_PAUSES_S
from apps.blog.services.webhooks import (
    DELIVER_WEBHOOK,
    WebhookNotTaken,
    deliver_webhook,
    give_webhook_up,
)


@shared_task(name=DELIVER_WEBHOOK, bind=True, max_retries=len(WEBHOOK_PAUSES_S))
def deliver_webhook_task(self: Task, number: int, message: dict[str, Any]) -> None:
    """Whoever is told twice knows it by the message's id."""
    try:
        deliver_webhook(number=number, message=message)
    except WebhookNotTaken as exc:
        tried = self.request.retries
        if exc.may_be_taken_later and tried < len(WEBHOOK_PAUSES_S):
            raise self.retry(countdown=WEBHOOK_PAUSES_S[tried]) from exc
        give_webhook_up(number=number, message=message, reason=str(exc))
