"""Sending a post to everybody on the list: in bounded bites, by any number of workers, to nobody twice.

A delivery is written down before its mail leaves, and no other can be written for the same person. So a
worker that dies costs at most the one mail it had in hand.
"""

import logging
import smtplib
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override

from apps.blog.constants import NEWSLETTER_BATCH, NEWSLETTER_MAILS_PER_RUN
from apps.blog.exceptions import NewsletterRefused
from apps.blog.models import (
    BlogPostPage,
    DeliveryState,
    NewsletterDelivery,
    NewsletterIssue,
    NewsletterSubscriber,
)
from apps.blog.services.subscriptions import unsubscribe_links
from apps.core.audit import auditing
from apps.core.background import enqueue
from apps.core.sentences import Sentence

logger = logging.getLogger(__name__)

SEND_NEWSLETTERS = "blog.send_newsletters"
ISSUES_PER_RUN = 5
GIVEN_UP_AFTER = timedelta(days=7)  # of a post that was taken back meanwhile: by then it is no news
DELIVERIES_KEPT = timedelta(days=30)  # once all were sent nothing needs them but questions
NOT_PUBLIC = Sentence("Only a published post that everybody may read can be sent.")
SENT_ALREADY = Sentence("This post was sent to the subscribers already.")
# What the mail server said no to; whatever else goes wrong may have left all the same.
_REFUSALS = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)


def send_to_subscribers(*, editor: Any, post_id: int) -> NewsletterIssue:
    """To everybody who has confirmed by now. The mails leave from a worker.

    Raises:
        NewsletterRefused: not public, or sent before.
    """
    if not BlogPostPage.objects.live().public().filter(pk=post_id).exists():
        raise NewsletterRefused(NOT_PUBLIC)
    try:
        with auditing(actor=editor, action="newsletter.send", target=f"post {post_id}") as entry:
            issue = NewsletterIssue.objects.create(post_id=post_id, requested_by=editor)
            entry.after = {"subscribers": audience(issue).count()}
            transaction.on_commit(lambda: enqueue(SEND_NEWSLETTERS))
    except IntegrityError:
        raise NewsletterRefused(SENT_ALREADY) from None
    return issue


def send_due_newsletters() -> int:
    """How many mails left. What does not fit into one run, or was left by a dead worker, comes next time."""
    due = NewsletterIssue.objects.filter(finished_at=None).order_by("created_at")
    return sum(_send_some(issue) for issue in due[:ISSUES_PER_RUN])


def audience(issue: NewsletterIssue) -> QuerySet[NewsletterSubscriber]:
    """Who unsubscribes and comes back meanwhile is not among it: the first mail may have left."""
    return NewsletterSubscriber.objects.filter(confirmed_at__lte=issue.created_at)


def forget_old_deliveries() -> None:
    ended = timezone.now() - DELIVERIES_KEPT
    NewsletterDelivery.objects.filter(issue__finished_at__lt=ended).delete()


def _send_some(issue: NewsletterIssue) -> int:
    post = BlogPostPage.objects.live().public().filter(pk=issue.post_id).defer("body").first()
    if post is None:
        if issue.created_at < timezone.now() - GIVEN_UP_AFTER:
            _finish(issue)
        return 0
    sent = 0
    try:
        with mail.get_connection() as connection:
            for _ in range(0, NEWSLETTER_MAILS_PER_RUN, NEWSLETTER_BATCH):
                batch = list(_undelivered(issue)[:NEWSLETTER_BATCH])
                sent += sum(_send_once(issue, post, subscriber, connection) for subscriber in batch)
                if len(batch) < NEWSLETTER_BATCH:
                    _finish(issue)
                    break
    except (OSError, smtplib.SMTPException) as exc:
        # Only the type: the text may name an address.
        fields = {"event": "newsletter_paused", "issue": str(issue.pk), "error": type(exc).__name__}
        logger.error("newsletter_paused", extra=fields)  # noqa: TRY400
    return sent


def _undelivered(issue: NewsletterIssue) -> QuerySet[NewsletterSubscriber]:
    written = NewsletterDelivery.objects.filter(issue=issue, subscriber=OuterRef("pk"))
    return audience(issue).filter(~Exists(written)).order_by("pk")


def _send_once(
    issue: NewsletterIssue, post: BlogPostPage, subscriber: NewsletterSubscriber, connection: BaseEmailBackend
) -> bool:
    """Once `claim` has its row nobody else sends this mail, and nobody ever will again."""
    claim = _claim(issue.pk, subscriber.pk)
    if claim is None:
        return False
    try:
        _write_mail(post, subscriber, connection).send()
        outcome = DeliveryState.SENT
    except _REFUSALS:
        outcome = DeliveryState.REFUSED
    NewsletterDelivery.objects.filter(pk=claim).update(state=outcome, at=timezone.now())
    return outcome == DeliveryState.SENT


def _claim(issue_id: UUID, subscriber_id: UUID) -> int | None:
    """None where another worker has it, or the address has unsubscribed a moment ago."""
    try:
        with transaction.atomic():
            return NewsletterDelivery.objects.create(issue_id=issue_id, subscriber_id=subscriber_id).pk
    except IntegrityError:
        return None


def _write_mail(
    post: BlogPostPage, subscriber: NewsletterSubscriber, connection: BaseEmailBackend
) -> mail.EmailMessage:
    page, one_click = unsubscribe_links(subscriber.pk)
    values = {
        "site_name": settings.WAGTAIL_SITE_NAME,
        "title": post.title,
        "intro": post.intro,
        "link": post.full_url,
        "unsubscribe": page,
    }
    with override(subscriber.language):
        text = render_to_string("blog/mail/newsletter.txt", values)
    return mail.EmailMessage(
        " ".join(post.title.split()),
        text,
        to=[subscriber.email],
        connection=connection,
        headers={  # RFC 8058
            "List-Unsubscribe": f"<{one_click}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def _finish(issue: NewsletterIssue) -> None:
    """Where another worker still has a mail in hand, that one is not among the counts."""
    counts = issue.deliveries.aggregate(
        sent=Count("pk", filter=Q(state=DeliveryState.SENT)),
        refused=Count("pk", filter=Q(state=DeliveryState.REFUSED)),
    )
    NewsletterIssue.objects.filter(pk=issue.pk, finished_at=None).update(
        finished_at=timezone.now(), sent_count=counts["sent"], refused_count=counts["refused"]
    )
