"""What moderators decide about comments. Each decision leaves its row in the audit."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.blog.models import CommentState, PostComment
from apps.core.audit import auditing
from apps.core.idempotency import withhold_answers


def decide_about_comments(*, moderator: Any, ids: Sequence[UUID], state: CommentState) -> int:
    """All of them or none; how many there were to decide about. What was reported counts as looked at."""
    decided = 0
    with transaction.atomic():
        waiting = PostComment.objects.filter(pk__in=ids, deleted_at=None).order_by("pk")
        for comment in waiting.select_for_update(no_key=True):
            with auditing(actor=moderator, action=f"comment.{state}", target=str(comment.pk)) as entry:
                entry.before, entry.after = {"state": comment.state}, {"state": str(state)}
                PostComment.objects.filter(pk=comment.pk).update(
                    state=state, doubts=[], updated_at=timezone.now()
                )
                comment.reports.all().delete()
            withhold_answers(about=comment.pk)
            decided += 1
    return decided
