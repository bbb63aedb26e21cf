from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from apps.blog.constants import COMMENT_DEPTH_MAX, COMMENT_MAX_CHARS, REPORT_NOTE_MAX_CHARS
from apps.core.models import TimestampedModel

MODERATE = "blog.change_postcomment"  # who may do this decides about comments
PATH_STEP_CHARS = 20


class CommentState(models.TextChoices):
    PENDING = "pending", "Waiting for a moderator"
    PUBLISHED = "published", "Published"
    REJECTED = "rejected", "Rejected"
    SPAM = "spam", "Spam"


class ReportReason(models.TextChoices):
    SPAM = "spam", "Advertising"
    ABUSE = "abuse", "Insulting or dangerous"
    WRONG = "wrong", "Wrong in a way that does harm"
    OTHER = "other", "Something else"


class CommentQuerySet(models.QuerySet["PostComment"]):
    def readable(self) -> Self:
        """What everybody may read."""
        return self.filter(state=CommentState.PUBLISHED, deleted_at=None)

    def of(self, user: Any) -> Self:
        """One's own, with those that were deleted a moment ago."""
        return self.filter(author=user.pk) if user.is_authenticated else self.none()

    def shown_to(self, user: Any, *, moderates: bool = False) -> Self:
        """Also one's own, all for who moderates, and what readable replies hang on."""
        replies = PostComment.objects.readable()
        holds_up_others = Exists(replies.filter(parent=OuterRef("pk"))) | Exists(
            replies.filter(parent__parent=OuterRef("pk"))
        )
        shown = Q(state=CommentState.PUBLISHED, deleted_at=None) | Q(holds_up_others)
        if user.is_authenticated:
            shown |= Q(author=user.pk, deleted_at=None)
        if moderates:
            shown |= Q(deleted_at=None)
        return self.filter(shown)


class PostComment(TimestampedModel):
    """What a reader says below a post. Only what is published and not deleted is ever told to others."""

    wagtail_reference_index_ignore = True

    post = models.ForeignKey(
        "blog.BlogPostPage",
        on_delete=models.CASCADE,
        related_name="reader_comments",
        db_index=False,  # `blog_comment_place` begins with it
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="blog_comments",
        db_index=False,  # `blog_comment_of_author` begins with it
        help_text="null: the account is gone, and the text with it",
    )
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="replies")
    path = models.CharField(
        max_length=PATH_STEP_CHARS * COMMENT_DEPTH_MAX,
        help_text="sorted by it, each reply stands below what it answers",
    )
    text = models.TextField(
        max_length=COMMENT_MAX_CHARS, blank=True, help_text="plain; empty once it is gone for good"
    )
    text_digest = models.CharField(max_length=64, blank=True, help_text="of the text without its disguises")
    state = models.CharField(max_length=9, choices=CommentState.choices, default=CommentState.PENDING)
    doubts = models.JSONField(default=list, help_text="why it waits; for moderators alone")
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True, help_text="gone for everybody; for good when undo has ended")

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = "reader's comment"
        verbose_name_plural = "readers' comments"
        constraints = [
            models.UniqueConstraint(fields=["post", "path"], name="blog_comment_place"),
            models.CheckConstraint(
                condition=Q(state__in=CommentState.values), name="blog_comment_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["author", "-created_at"], name="blog_comment_of_author"),
            models.Index(fields=["text_digest", "-created_at"], name="blog_comment_same_text"),
            models.Index(fields=["state", "-created_at"], name="blog_comment_to_decide"),
            models.Index(
                fields=["deleted_at"], name="blog_comment_deleted", condition=Q(deleted_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80] or "(gone)"

    @property
    def depth(self) -> int:
        """0 for what answers the post itself."""
        return len(self.path) // PATH_STEP_CHARS - 1

    @property
    def takes_replies(self) -> bool:
        return self.is_readable and self.depth < COMMENT_DEPTH_MAX - 1

    @property
    def is_readable(self) -> bool:
        return self.state == CommentState.PUBLISHED and self.deleted_at is None


class CommentReport(TimestampedModel):
    """Somebody says that a moderator should look at a comment."""

    wagtail_reference_index_ignore = True

    comment = models.ForeignKey(PostComment, on_delete=models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="comment_reports"
    )
    reason = models.CharField(max_length=8, choices=ReportReason.choices)
    note = models.CharField(max_length=REPORT_NOTE_MAX_CHARS, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comment", "reporter"], name="blog_comment_reported_once"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.note}".strip()
