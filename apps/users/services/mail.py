"""The mails this app sends. They leave from a thread, so that nobody waits for a mail server.

That also keeps a secret: whether a mail is sent at all depends on whose address it is, and the
time of the answer must not tell. So the text is written in the thread, too, in the language of the request.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext, override
from django.utils.translation import gettext_noop as _

from apps.core.resilience.pool import BoundedPool, PoolFull
from apps.users.constants import EMAIL_LINK_LIFETIME, MAIL_QUEUE_MAX, RESET_LINK_LIFETIME

logger = logging.getLogger(__name__)
outbox = BoundedPool("account-mail", max_workers=1, max_queue=MAIL_QUEUE_MAX)


def send_confirmation_link(*, email: str, make_key: Callable[[], str]) -> None:
    """Leaves once the transaction has been committed. `make_key` is called in the thread, without ORM."""

    def context() -> dict[str, object]:
        link = _link(settings.ACCOUNT_CONFIRM_EMAIL_URL, "email-confirm-page", make_key())
        return {"link": link, "days": EMAIL_LINK_LIFETIME.days}

    _send_on_commit("confirm_email", _("Confirm your e-mail address"), email, context)


def send_already_registered(*, email: str) -> None:
    _send_on_commit("already_registered", _("You already have an account"), email, dict)


def send_password_link(*, email: str, make_key: Callable[[], str]) -> None:
    """As `send_confirmation_link`."""

    def context() -> dict[str, object]:
        link = _link(settings.ACCOUNT_PASSWORD_RESET_URL, "password-reset-page", make_key())
        return {"link": link, "minutes": int(RESET_LINK_LIFETIME.total_seconds()) // 60}

    _send_on_commit("reset_password", _("Choose a new password"), email, context)


def send_password_changed(*, email: str) -> None:
    _send_on_commit("password_changed", _("Your password was changed"), email, dict)


def send_second_factor_changed(*, email: str, is_on: bool) -> None:
    subject = _("Signing in takes a code now") if is_on else _("Signing in takes no code any more")
    _send_on_commit("second_factor_changed", subject, email, lambda: {"is_on": is_on})


def send_deletion_asked(*, email: str, due: datetime) -> None:
    day = due.date().isoformat()
    _send_on_commit("deletion_asked", _("Your account will be deleted"), email, lambda: {"day": day})


def send_deletion_cancelled(*, email: str) -> None:
    _send_on_commit("deletion_cancelled", _("Your account stays"), email, dict)


def send_export_ready(*, email: str, until: datetime) -> None:
    """Without a link: what is behind it should not lie in a mailbox."""
    day = until.date().isoformat()
    _send_on_commit("export_ready", _("Your data is ready"), email, lambda: {"day": day})


def _link(page: str, our_page: str, key: str) -> str:
    """To the web app's page where there is one, else to our own."""
    page = page or f"{settings.SITE_URL.rstrip('/')}{reverse(f'v1:auth:{our_page}')}"
    return f"{page}?{urlencode({'key': key})}"


def _send_on_commit(
    template: str, subject: str, email: str, context: Callable[[], dict[str, object]]
) -> None:
    language = get_language()

    def send() -> None:
        values = {"site_name": settings.WAGTAIL_SITE_NAME, **context()}
        with override(language):
            text = render_to_string(f"users/mail/{template}.txt", values)
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
