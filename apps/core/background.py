"""Handing work to the background workers by name."""

import logging
from typing import Any

import kombu.exceptions
from celery import current_app
from django.conf import settings

from apps.core.redis import is_redis_available

logger = logging.getLogger(__name__)


def enqueue(task: str, *args: Any) -> bool:
    """Send a task; False where no broker can be reached, which the caller must be able to live with."""
    if not settings.CELERY_BROKER_URL or not is_redis_available():
        return False
    try:
        current_app.send_task(task, args=args, retry=False)
    except (kombu.exceptions.OperationalError, OSError) as exc:
        logger.warning(
            "task_not_sent", extra={"event": "task_not_sent", "task": task, "error": type(exc).__name__}
        )
        return False
    return True
