"""Reads of what readers do."""

from datetime import timedelta

from django.db.models import Sum
from django.utils import timezone

from apps.blog.models import BlogPostPage


def popular_posts(*, days: int, limit: int) -> list[int]:
    """Ids of public posts, the most viewed of the last `days` first; none that nobody has opened."""
    since = timezone.now().date() - timedelta(days=days)
    viewed = BlogPostPage.objects.live().public().filter(day_views__day__gt=since)
    ranked = viewed.annotate(views=Sum("day_views__count")).filter(views__gt=0)
    return list(ranked.order_by("-views", "-date", "-pk").values_list("pk", flat=True)[:limit])
