"""What the workers do for the blog. Safe to run twice, and at once."""

from celery import shared_task

from apps.blog.services.scheduling import publish_what_is_due


@shared_task(name="blog.publish_scheduled")
def publish_scheduled_task() -> None:
    publish_what_is_due()
