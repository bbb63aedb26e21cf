"""What readers say below a post: written, changed, taken back, reported."""

import secrets
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.blog import constants
from apps.blog.exceptions import (
    AccountGone,
    CommentRejected,
    CommentsClosed,
    NoLongerEditable,
    NothingThere,
    OwnCommentReported,
    TooManyWaiting,
)
from apps.blog.models import BlogPostPage, CommentReport, CommentState, PostComment, ReportReason
from apps.blog.models.comments import MODERATE, PATH_STEP_CHARS
from apps.blog.selectors import is_open_to_comments
from apps.blog.services.spam import Circumstances, digest_of, find_doubts
from apps.core.exceptions import DomainError, FieldError
from apps.core.idempotency import withhold_answers
from apps.core.sentences import Sentence

BATCH = 500
DECIDED_KEPT = timedelta(days=90)  # rejected ones and spam, for moderators who want to look again
NO_SUCH_COMMENT = Sentence("There is no such comment below this post.")
TOO_DEEP = Sentence("Replies end here. Answer the comment above.")
_UNDO = timedelta(seconds=constants.COMMENT_UNDO_S)
_GONE: dict[str, Any] = {"author": None, "text": "", "text_digest": "", "doubts": []}


def write_comment(*, user: Any, post_id: int, text: str, parent_id: UUID | None) -> PostComment:
    """Published at once, or waiting for a moderator: the comment's state says so.

    Raises:
        NothingThere: no such post, or not a public one.
        CommentsClosed
        DomainError: the comment it answers is not there, or takes no answers.
        TooManyWaiting
    """
    with transaction.atomic():
        _lock_person(user)
        post = BlogPostPage.objects.live().public().filter(pk=post_id).first()
        if post is None:
            raise NothingThere
        if not is_open_to_comments(post):
            raise CommentsClosed
        parent = _answerable(post_id, parent_id) if parent_id else None
        path = (parent.path if parent else "") + _next_step()
        comment = PostComment(post_id=post_id, author_id=user.pk, parent=parent, path=path, text=text)
        _judge(comment, user)
        if comment.state == CommentState.PENDING:
            _make_room(user)
        comment.save(force_insert=True)
    return comment


def change_comment(*, user: Any, comment_id: UUID, text: str) -> PostComment:
    """Judged anew: what was approved is not what it says now.

    Raises:
        NothingThere: there is none, or it is somebody else's.
        NoLongerEditable
        CommentRejected
    """
    with transaction.atomic():
        _lock_person(user)
        mine = PostComment.objects.of(user).filter(pk=comment_id, deleted_at=None)
        comment = mine.select_for_update(no_key=True).first()
        if comment is None:
            raise NothingThere
        if comment.state not in {CommentState.PENDING, CommentState.PUBLISHED}:
            raise CommentRejected
        if comment.created_at < timezone.now() - timedelta(seconds=constants.COMMENT_EDIT_S):
            raise NoLongerEditable
        if text != comment.text:
            comment.text, comment.edited_at = text, timezone.now()
            _judge(comment, user)
            comment.save()
    withhold_answers(about=comment_id)
    return comment


def delete_comment(*, user: Any, comment_id: UUID) -> datetime:
    """Until when it can be taken back. What others answered stays, below a place without words.

    Raises:
        NothingThere: there is none, or it is somebody else's.
    """
    now = timezone.now()
    mine = PostComment.objects.of(user).filter(pk=comment_id, deleted_at=None)
    if not mine.update(deleted_at=now, updated_at=now):
        raise NothingThere
    withhold_answers(about=comment_id)
    return now + _UNDO


def restore_comment(*, user: Any, comment_id: UUID) -> PostComment:
    """What was never deleted, or is restored already, is simply there: a lost reply may be asked for again.

    Raises:
        NothingThere: there is none, it is somebody else's, or the time for this is over.
    """
    now = timezone.now()
    mine = PostComment.objects.of(user).filter(pk=comment_id)
    mine.filter(deleted_at__gt=now - _UNDO).update(deleted_at=None, updated_at=now)
    comment = mine.filter(deleted_at=None).first()
    if comment is None:
        raise NothingThere
    return comment


def report_comment(*, user: Any, comment_id: UUID, reason: ReportReason, note: str) -> None:
    """Once per person: saying it again changes nothing. It hides nothing either: a moderator looks.

    Raises:
        NothingThere
        OwnCommentReported
    """
    public = BlogPostPage.objects.live().public()
    comment = PostComment.objects.readable().filter(pk=comment_id, post__in=public).first()
    if comment is None:
        raise NothingThere
    if comment.author_id == user.pk:
        raise OwnCommentReported
    if comment.reports.count() < constants.REPORTS_PER_COMMENT_MAX:
        CommentReport.objects.get_or_create(
            comment=comment, reporter=user, defaults={"reason": reason, "note": note}
        )


def forget_deleted_comments() -> None:
    """What nobody can take back any more loses its words; without replies, it goes. Bounded."""
    now = timezone.now()
    decided = Q(state__in=[CommentState.REJECTED, CommentState.SPAM], updated_at__lt=now - DECIDED_KEPT)
    PostComment.objects.filter(decided, deleted_at=None).update(deleted_at=now - _UNDO)
    replies = PostComment.objects.filter(parent=OuterRef("pk"))
    ended = PostComment.objects.filter(deleted_at__lte=now - _UNDO).annotate(has_replies=Exists(replies))
    due = ended.filter(Q(has_replies=False) | ~Q(text="")).order_by("deleted_at")
    with transaction.atomic():
        # Locked: one that is being restored is left alone. Nobody answers what is deleted.
        rows = due.select_for_update(skip_locked=True, of=("self",)).values_list("pk", "has_replies")[:BATCH]
        answered = dict(rows)
        ends = [pk for pk, has_replies in answered.items() if not has_replies]
        PostComment.objects.filter(pk__in=ends).delete()
        PostComment.objects.filter(pk__in=answered.keys() - ends).update(**_GONE)


def erase_comments_of(user: Any) -> bool:
    """Words and name go at once; the places others have answered stay, and the rest follows."""
    gone_since = timezone.now() - _UNDO
    PostComment.objects.filter(author=user.pk).update(**_GONE, deleted_at=gone_since)
    return True


def _lock_person(user: Any) -> None:
    """One after the other, so that nobody has more waiting than there is room for."""
    people = get_user_model()._default_manager.select_for_update(no_key=True)  # noqa: SLF001 - documented API
    if not people.filter(pk=user.pk).values_list("pk", flat=True):
        raise AccountGone


def _answerable(post_id: int, comment_id: UUID) -> PostComment:
    below = PostComment.objects.readable().filter(post=post_id)
    comment = below.select_for_update(no_key=True).filter(pk=comment_id).first()
    if comment is None:
        raise _refusal("does_not_exist", NO_SUCH_COMMENT)
    if not comment.takes_replies:
        raise _refusal("too_deep", TOO_DEEP)
    return comment


def _refusal(code: str, message: Sentence) -> DomainError:
    return DomainError(message, errors=[FieldError("parent", code, message)])


def _next_step() -> str:
    """By time, and different for two of the same moment."""
    return f"{time.time_ns() // 1_000:0{PATH_STEP_CHARS - 4}x}{secrets.token_hex(2)}"


def _judge(comment: PostComment, user: Any) -> None:
    comment.text_digest = digest_of(comment.text)
    doubts = (
        []
        if user.has_perm(MODERATE)
        else find_doubts(
            comment.text, _circumstances(comment, user), blocked_words=settings.COMMENT_BLOCKED_WORDS
        )
    )
    comment.doubts = [str(doubt) for doubt in doubts]
    comment.state = CommentState.PENDING if doubts else CommentState.PUBLISHED


def _circumstances(comment: PostComment, user: Any) -> Circumstances:
    now = timezone.now()
    others = PostComment.objects.exclude(pk=comment.pk)
    mine = others.filter(author=user.pk)
    same = others.filter(
        text_digest=comment.text_digest,
        created_at__gt=now - timedelta(seconds=constants.REPEATED_WITHIN_S),
    )
    last = mine.order_by("-created_at").values_list("created_at", flat=True).first()
    return Circumstances(
        published=mine.readable()[: constants.COMMENTS_UNTIL_TRUSTED].count(),
        has_sent_spam=mine.filter(state=CommentState.SPAM).exists(),
        was_said_before=bool(comment.text_digest) and same.exists(),
        last_s_ago=None if last is None or comment.edited_at else (now - last).total_seconds(),
    )


def _make_room(user: Any) -> None:
    waiting = PostComment.objects.filter(author=user.pk, state=CommentState.PENDING, deleted_at=None)
    if waiting.count() >= constants.COMMENTS_WAITING_MAX:
        raise TooManyWaiting
