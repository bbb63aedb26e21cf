"""The mails this app sends."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_noop as _

from apps.core.outbox import send_on_commit
from apps.users.constants import EMAIL_LINK_LIFETIME, RESET_LINK_LIFETIME


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
    send_on_commit(f"users/mail/{template}.txt", subject, email, context)
