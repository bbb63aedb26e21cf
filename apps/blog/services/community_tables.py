"""What the blog keeps about the people who read it and take part."""

from apps.blog.models import (
    CommentReport,
    NewsletterDelivery,
    NewsletterIssue,
    NewsletterSubscriber,
    PostComment,
)
from apps.blog.services.comments import erase_comments_of
from apps.users.public import PersonalRows, User


def _address_of(user: User) -> str | None:
    """Only one that is proven to be theirs: else an account with a stranger's address is told of them."""
    return user.email.lower() if user.has_confirmed_email else None


# Erased in the opposite order.
COMMUNITY_TABLES = (
    PersonalRows(
        model=PostComment,
        ties=("author",),
        file="blog-comments",
        shown=("id", "post", "text", "state", "created_at", "edited_at"),
        erase=erase_comments_of,
    ),
    PersonalRows(
        model=CommentReport,
        ties=("reporter",),
        file="reported-comments",
        shown=("comment", "reason", "note", "created_at"),
    ),
    PersonalRows(
        model=NewsletterIssue,
        ties=("requested_by",),
        file="newsletters-sent",
        shown=("post", "created_at"),
        kept_as={},
    ),
    PersonalRows(
        model=NewsletterSubscriber,
        ties=("email",),
        value=_address_of,
        file="newsletter",
        shown=("email", "language", "created_at", "confirmed_at", "consent_version"),
    ),
    PersonalRows(
        model=NewsletterDelivery,
        ties=("subscriber__email",),
        value=_address_of,
        file="newsletters-received",
        shown=("issue", "state", "at"),
    ),
)
