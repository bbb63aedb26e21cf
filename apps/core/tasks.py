"""What the workers do for the site as a whole."""

from celery import shared_task

from apps.core.csp.recording import send_digest


@shared_task(name="core.send_csp_digest")
def send_csp_digest_task() -> int:
    return send_digest()
