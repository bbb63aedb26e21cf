"""What the workers do for the blog. Each task is safe to run twice, and takes a bounded bite."""

from typing import Any

from celery import Task, shared_task

from apps.blog.constants import WEBHOOK_PAUSES_S
from apps.blog.services.comments import forget_deleted_comments
from apps.blog.services.newsletter import SEND_NEWSLETTERS, forget_old_deliveries, send_due_newsletters
from apps.blog.services.pictures import DRAW_PICTURE, draw_picture
from apps.blog.services.scheduling import publish_what_is_due
from apps.blog.services.subscriptions import forget_unconfirmed
from apps.blog.services.views import forget_old_views, write_views
from apps.blog.services.webhooks import (
    DELIVER_WEBHOOK,
    WebhookNotTaken,
    deliver_webhook,
    give_webhook_up,
)


@shared_task(name="blog.write_views")
def write_views_task() -> int:
    return write_views()


@shared_task(name=SEND_NEWSLETTERS)
def send_newsletters_task() -> int:
    return send_due_newsletters()


@shared_task(name="blog.tidy_up")
def tidy_up_task() -> None:
    forget_old_views()
    forget_deleted_comments()
    forget_unconfirmed()
    forget_old_deliveries()


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


@shared_task(name=DRAW_PICTURE)
def draw_picture_task(image_id: int) -> None:
    draw_picture(image_id=image_id)


@shared_task(name="blog.publish_scheduled")
def publish_scheduled_task() -> None:
    publish_what_is_due()
