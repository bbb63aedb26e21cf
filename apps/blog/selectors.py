"""What pages and screens read."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from apps.blog.constants import RELATED_MAX_POSTS
from apps.blog.models import BlogPostPage, BlogSeries
from apps.users.public import User

# What two posts have in common, and how much it says about whether readers of one want the other.
_WEIGHTS = {"species": 4, "series": 3, "tags": 2, "categories": 1}


@dataclass(frozen=True, slots=True)
class PlaceInSeries:
    series: BlogSeries
    number: int
    count: int
    previous: BlogPostPage | None
    next: BlogPostPage | None


def list_related_posts(*, post: BlogPostPage, limit: int = RELATED_MAX_POSTS) -> list[BlogPostPage]:
    """Published posts that have something in common with this one, those with most in common first."""
    about: dict[str, list[Any]] = {
        "species": [each.pk for each in post.species.all()],
        "series": [post.series_id] if post.series_id else [],
        "tags": [each.pk for each in post.tags.all()],
        "categories": [each.pk for each in post.categories.all()],
    }
    shared = [_shared(name, ids) * _WEIGHTS[name] for name, ids in about.items() if ids]
    if not shared:
        return []
    others = BlogPostPage.objects.live().public().exclude(pk=post.pk)
    related = others.annotate(weight=sum(shared[1:], start=shared[0])).filter(weight__gt=0)
    found = related.order_by("-weight", "-date", "-pk").with_card_pictures().defer("body")
    return list(found[:limit])


def _shared(relation: str, ids: list[Any]) -> Count:
    return Count(relation, filter=Q(**{f"{relation}__in": ids}), distinct=True)


def find_place_in_series(*, post: BlogPostPage) -> PlaceInSeries | None:
    """Among the posts of its series that everybody may read. None for one that is not among them."""
    series = post.series
    if series is None:
        return None
    posts = BlogPostPage.objects.live().public().filter(series=series).defer("body")
    in_order = list(posts.order_by(F("series_position").asc(nulls_last=True), "date", "pk"))
    at = next((index for index, each in enumerate(in_order) if each.pk == post.pk), None)
    if at is None:
        return None
    return PlaceInSeries(
        series=series,
        number=at + 1,
        count=len(in_order),
        previous=in_order[at - 1] if at else None,
        next=in_order[at + 1] if at + 1 < len(in_order) else None,
    )


def list_people_who_may_edit() -> QuerySet[User]:
    may_enter = Q(groups__permissions__codename="access_admin") | Q(is_superuser=True)
    return User.objects.filter(may_enter, is_active=True).distinct().order_by("username")
