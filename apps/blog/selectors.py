"""What pages and screens read, and what readers do."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Prefetch, Q, QuerySet, Sum
from django.utils import timezone

from apps.blog.constants import RELATED_MAX_POSTS
from apps.blog.models import BlogCategory, BlogPostPage, BlogSeries, PostComment
from apps.blog.models.comments import MODERATE
from apps.blog.models.reading import cards, in_reading_order, with_post_counts
from apps.plant_identification.public import PlantSpecies
from apps.users.public import User

SEARCHED_POSTS_MAX = 200
SERIES_POSTS_MAX = 100

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
    in_order = list(in_reading_order().filter(series=series))
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


def list_posts() -> Any:
    """Public ones, with what a list tells of them: as many queries for one as for a hundred."""
    return _with_species(cards(BlogPostPage.objects.live().public()))


def get_post(name: str) -> BlogPostPage | None:
    """By its id or its slug; the newest, where posts below several pages share one."""
    found: Any = _with_species(cards(BlogPostPage.objects.published())).defer(None)
    post: BlogPostPage | None = None
    if name.isascii() and name.isdigit():
        post = found.filter(pk=name).first()
    return post or found.filter(slug=name).first()


def find_posts(text: str) -> list[int]:
    """Ids of public posts in which these words stand, as the search of the pages finds them. Bounded."""
    found = BlogPostPage.objects.live().public().search(text)
    return [post.pk for post in found[:SEARCHED_POSTS_MAX]]


def list_categories() -> QuerySet[BlogCategory]:
    return with_post_counts(BlogCategory.objects.all())


def list_series() -> QuerySet[BlogSeries]:
    return with_post_counts(BlogSeries.objects.all())


def list_posts_of_series(series: BlogSeries) -> Any:
    """As they are meant to be read."""
    return _with_species(cards(in_reading_order().filter(series=series)))[:SERIES_POSTS_MAX]


def _with_species(posts: Any) -> Any:
    return posts.prefetch_related(Prefetch("species", queryset=PlantSpecies.objects.visible().only("pk")))


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
