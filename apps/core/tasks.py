"""What the workers do for every app."""

from celery import shared_task

from apps.core.csp.recording import send_digest
from apps.core.idempotency import forget_old_requests


@shared_task(name="core.forget_old_requests")
def forget_old_requests_task() -> int:
    """Answers are kept for a day, for those who ask again."""
    return forget_old_requests()


@shared_task(name="core.send_csp_digest")
def send_csp_digest_task() -> int:
    return send_digest()
