"""Getting the newsletter, and getting it no more.

An address is on the list when somebody who reads its mail has said so: the mail has a link, the link a page,
the page a button, for programs that look through mails follow links. Whoever unsubscribes is forgotten.
"""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext_noop as _

from apps.blog.constants import (
    CONSENT_VERSION,
    NEWSLETTER_LINK_DAYS,
    NEWSLETTER_LINK_EVERY_S,
    NEWSLETTER_LINKS_MAX,
)
from apps.blog.exceptions import SubscriptionLinkExpired, SubscriptionLinkInvalid
from apps.blog.models import NewsletterSubscriber
from apps.core.outbox import send_on_commit

_SALT = "blog.newsletter.unsubscribe"
_LINK_LIFETIME = timedelta(days=NEWSLETTER_LINK_DAYS)


def ask_to_subscribe(*, email: str) -> None:
    """Sends the link, unless the address is on the list or was sent links enough. Nobody is told which."""
    token = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            if _write_down(email.lower(), token):
                _send_link(email, token)
    except IntegrityError:  # asked twice in the same moment: the other one sends the link
        return


def confirm_subscription(*, token: str) -> None:
    """Confirming twice changes nothing the second time.

    Raises:
        SubscriptionLinkInvalid: also where a later link was sent.
        SubscriptionLinkExpired
    """
    with transaction.atomic():
        rows = NewsletterSubscriber.objects.select_for_update(no_key=True)
        subscriber = rows.filter(token_digest=_digest(token)).first()
        if subscriber is None:
            raise SubscriptionLinkInvalid
        if subscriber.confirmed_at is not None:
            return
        if subscriber.link_sent_at < timezone.now() - _LINK_LIFETIME:
            raise SubscriptionLinkExpired
        subscriber.confirmed_at = timezone.now()
        subscriber.save(update_fields=["confirmed_at", "updated_at"])


def unsubscribe(*, token: str) -> None:
    """The address is forgotten, with what was sent to it. Doing it again changes nothing.

    Raises:
        SubscriptionLinkInvalid: not one of ours.
    """
    try:
        subscriber_id = UUID(signing.Signer(salt=_SALT).unsign(token))
    except (signing.BadSignature, ValueError):
        raise SubscriptionLinkInvalid from None
    NewsletterSubscriber.objects.filter(pk=subscriber_id).delete()


def unsubscribe_token(subscriber_id: UUID) -> str:
    return signing.Signer(salt=_SALT).sign(subscriber_id.hex)


def unsubscribe_links(subscriber_id: UUID) -> tuple[str, str]:
    """The page for people, and the address that mail programs send their POST to."""
    token = unsubscribe_token(subscriber_id)
    page = _link(settings.NEWSLETTER_UNSUBSCRIBE_URL, "newsletter-unsubscribe-page", token)
    return page, _link("", "newsletter-unsubscribe", token)


def forget_unconfirmed() -> None:
    ended = timezone.now() - _LINK_LIFETIME
    NewsletterSubscriber.objects.filter(confirmed_at=None, link_sent_at__lt=ended).delete()


def _write_down(email: str, token: str) -> bool:
    """Whether this address is to be sent the link."""
    now = timezone.now()
    row = {
        "language": get_language() or settings.LANGUAGE_CODE,
        "token_digest": _digest(token),
        "link_sent_at": now,
        "consent_version": CONSENT_VERSION,
    }
    subscriber = NewsletterSubscriber.objects.select_for_update(no_key=True).filter(email=email).first()
    if subscriber is None:
        NewsletterSubscriber.objects.create(email=email, **row)
        return True
    has_enough = (
        subscriber.confirmed_at is not None
        or subscriber.links_sent >= NEWSLETTER_LINKS_MAX
        or subscriber.link_sent_at > now - timedelta(seconds=NEWSLETTER_LINK_EVERY_S)
    )
    if not has_enough:
        NewsletterSubscriber.objects.filter(pk=subscriber.pk).update(
            **row, links_sent=subscriber.links_sent + 1, updated_at=now
        )
    return not has_enough


def _send_link(email: str, token: str) -> None:
    def context() -> dict[str, object]:
        link = _link(settings.NEWSLETTER_CONFIRM_URL, "newsletter-confirm-page", token)
        return {"link": link, "days": NEWSLETTER_LINK_DAYS}

    send_on_commit("blog/mail/confirm_newsletter.txt", _("Confirm your newsletter"), email, context)


def _link(page: str, our_page: str, token: str) -> str:
    """To the web app's page where there is one, else to our own."""
    page = page or f"{settings.SITE_URL.rstrip('/')}{reverse(f'v1:blog:{our_page}')}"
    return f"{page}?{urlencode({'token': token})}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
