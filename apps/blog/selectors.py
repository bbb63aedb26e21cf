"""Reads of what readers do."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from apps.blog.models import BlogPostPage, PostComment
from apps.blog.models.comments import MODERATE


def popular_posts(*, days: int, limit: int) -> list[int]:
    """Ids of public posts, the most viewed of the last `days` first; none that nobody has opened."""
    since = timezone.now().date() - timedelta(days=days)
    viewed = BlogPostPage.objects.live().public().filter(day_views__day__gt=since)
    ranked = viewed.annotate(views=Sum("day_views__count")).filter(views__gt=0)
    return list(ranked.order_by("-views", "-date", "-pk").values_list("pk", flat=True)[:limit])


def is_moderator(user: Any) -> bool:
    return bool(user.is_authenticated and user.has_perm(MODERATE))


def is_open_to_comments(post: BlogPostPage) -> bool:
    """For so many days after the post was published, where an installation wants that, and an editor does."""
    days: int = settings.COMMENTS_OPEN_DAYS
    since = post.first_published_at or timezone.now()
    return post.takes_comments and (not days or timezone.now() < since + timedelta(days=days))


def list_comments(user: Any, post_id: int) -> QuerySet[PostComment]:
    """Of a public post, each reply below what it answers."""
    shown = PostComment.objects.shown_to(user, moderates=is_moderator(user)).filter(post=post_id)
    return shown.select_related("author").order_by("path")


def get_comment(user: Any, comment_id: UUID) -> PostComment | None:
    """One's own also below a post that is public no longer, so that it can be deleted."""
    shown = PostComment.objects.shown_to(user, moderates=is_moderator(user)).select_related("author")
    reachable = Q(post__in=BlogPostPage.objects.live().public())
    if user.is_authenticated:
        reachable |= Q(author=user.pk)
    return shown.filter(reachable, pk=comment_id).first()
