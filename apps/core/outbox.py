"""Mails that leave from a thread, so that nobody waits for a mail server.

That also keeps a secret: whether a mail is sent at all depends on whose address it is, and the
time of the answer must not tell. So the text is written in the thread, too, in the language of the request.
"""

import logging
from collections.abc import Callable, Mapping

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import get_language, gettext, override

from apps.core.resilience.pool import BoundedPool, PoolFull

logger = logging.getLogger(__name__)

QUEUE_MAX = 200  # mails waiting; beyond that they are dropped and logged: the person asks for another
outbox = BoundedPool("mail", max_workers=1, max_queue=QUEUE_MAX)


def send_on_commit(
    template: str, subject: str, email: str, context: Callable[[], Mapping[str, object]]
) -> None:
    """Leaves once the transaction has been committed. `context` is called in the thread, without ORM."""
    language = get_language()

    def send() -> None:
        values = {"site_name": settings.WAGTAIL_SITE_NAME, **context()}
        with override(language):
            text = render_to_string(template, values)
            EmailMessage(gettext(subject), text, to=[email]).send()

    transaction.on_commit(lambda: _enqueue(template, send))


def _enqueue(template: str, send: Callable[[], None]) -> None:
    try:
        outbox.submit(_run, template, send)
    except PoolFull:
        # Without the trace, which says nothing.
        logger.error("mail_dropped", extra={"event": "mail_dropped", "template": template})  # noqa: TRY400


def _run(template: str, send: Callable[[], None]) -> None:
    try:
        send()
    except Exception as exc:  # noqa: BLE001  # nobody waits for this thread, so nobody else would tell
        # Only the type: the text of a refusal names the address.
        fields = {"event": "mail_not_sent", "template": template, "error": type(exc).__name__}
        logger.error("mail_not_sent", extra=fields)  # noqa: TRY400
