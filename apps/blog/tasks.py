"""What the workers do for the blog. Each task is safe to run twice, and takes a bounded bite."""

from celery import shared_task

from apps.blog.services.comments import forget_deleted_comments
from apps.blog.services.views import forget_old_views, write_views


@shared_task(name="blog.write_views")
def write_views_task() -> int:
    return write_views()


@shared_task(name="blog.tidy_up")
def tidy_up_task() -> None:
    forget_old_views()
    forget_deleted_comments()
