from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from apps.core.models import TimestampedModel


class NewsletterSubscriber(TimestampedModel):
    """An address that is to get the newsletter, once it has confirmed so. Who unsubscribes is forgotten."""

    wagtail_reference_index_ignore = True

    email = models.EmailField()
    language = models.CharField(max_length=8, help_text="of the mails")
    token_digest = models.CharField(max_length=64, unique=True, help_text="of the link that confirms")
    link_sent_at = models.DateTimeField(help_text="when the latest link was sent")
    links_sent = models.PositiveSmallIntegerField(default=1, help_text="to it, while it is unconfirmed")
    consent_version = models.CharField(max_length=16, help_text="which text was agreed to")
    confirmed_at = models.DateTimeField(null=True, help_text="when the agreement was given; null: not yet")

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="blog_subscriber_email_unique")]
        indexes = [
            models.Index(
                fields=["link_sent_at"], name="blog_subscriber_unconfirmed", condition=Q(confirmed_at=None)
            ),
            models.Index(
                fields=["id"], name="blog_subscriber_confirmed", condition=Q(confirmed_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)  # not the address: lists and logs show this


class NewsletterIssue(TimestampedModel):
    """One post on its way to everybody who had confirmed when an editor said so."""

    wagtail_reference_index_ignore = True

    post = models.OneToOneField(
        "blog.BlogPostPage", on_delete=models.CASCADE, related_name="newsletter_issue"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="newsletter_issues"
    )
    finished_at = models.DateTimeField(null=True)
    sent_count = models.PositiveIntegerField(default=0, help_text="counted when it was finished")
    refused_count = models.PositiveIntegerField(default=0, help_text="likewise")

    class Meta:
        indexes = [
            models.Index(fields=["created_at"], name="blog_issue_under_way", condition=Q(finished_at=None))
        ]

    def __str__(self) -> str:
        return f"newsletter of post {self.post_id}"


class DeliveryState(models.TextChoices):
    CLAIMED = "claimed", "Handed to the mail server, or about to be"
    SENT = "sent", "Taken by the mail server"
    REFUSED = "refused", "Refused by the mail server"


class NewsletterDelivery(models.Model):
    """One issue for one subscriber. Written before the mail leaves: nobody gets it twice.

    A worker that dies in between leaves `claimed`: whether that mail left cannot be known, and it is not sent
    again.
    """

    wagtail_reference_index_ignore = True

    id = models.BigAutoField(primary_key=True)
    issue = models.ForeignKey(
        NewsletterIssue, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    subscriber = models.ForeignKey(NewsletterSubscriber, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=7, choices=DeliveryState.choices, default=DeliveryState.CLAIMED)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "newsletter deliveries"
        constraints = [
            models.UniqueConstraint(fields=["issue", "subscriber"], name="blog_delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=DeliveryState.values), name="blog_delivery_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state}: {self.issue_id}"
