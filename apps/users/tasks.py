"""What the workers do for people's accounts. Each task is safe to run twice, and takes a bounded bite."""

from celery import shared_task

from apps.users.services.browser_sessions import forget_expired_browser_sessions
from apps.users.services.deletion import erase_due_accounts
from apps.users.services.exports import MAKE_EXPORTS, make_due_exports, remove_expired_exports
from apps.users.services.security_events import forget_old_security_events


@shared_task(name=MAKE_EXPORTS)
def make_exports_task() -> None:
    make_due_exports()


@shared_task(name="users.erase_accounts")
def erase_accounts_task() -> None:
    erase_due_accounts()


@shared_task(name="users.remove_what_has_expired")
def remove_what_has_expired_task() -> None:
    remove_expired_exports()
    forget_old_security_events()
    forget_expired_browser_sessions()
