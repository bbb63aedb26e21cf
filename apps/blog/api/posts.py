from typing import Any

from apps.blog.api.filters import DESCRIBED, PostsFilter
from apps.blog.api.serializers import BlogPostSerializer
from apps.blog.api.views import PublicPagesViewSet
from apps.blog.models import BlogPostPage
from apps.blog.models.reading import cards, whole_posts

_CARD = ["date", "intro", "reading_minutes", "featured_image", "categories", "tags", "authors", "series"]
_WHOLE = ["body", "species", "social_image", "series_position"]
_NO_COLUMNS = {"categories", "tags", "authors", "series", "species"}


class BlogPostsViewSet(PublicPagesViewSet):
    """Newest first. The body is told for a single post only: a list of them would be megabytes."""

    name = "blog-posts"
    model = BlogPostPage
    base_serializer_class = BlogPostSerializer
    filter_backends = [PostsFilter, *PublicPagesViewSet.filter_backends]
    known_query_parameters = PublicPagesViewSet.known_query_parameters - {"type"} | DESCRIBED.keys()
    body_fields = [*PublicPagesViewSet.body_fields, *_CARD, *_WHOLE]
    listing_default_fields = [*PublicPagesViewSet.listing_default_fields, *_CARD]
    detail_only_fields = [*PublicPagesViewSet.detail_only_fields, *_WHOLE]
    told_as = "BlogPost"
    tells_more = False
    described_parameters = DESCRIBED

    @classmethod
    def get_available_fields(cls, model: Any, *, db_fields_only: bool = False) -> list[str]:
        """By columns one can also filter and sort. What is no column has parameters with names of its own."""
        names: list[str] = super().get_available_fields(model, db_fields_only=db_fields_only)
        return [name for name in names if not (db_fields_only and name in _NO_COLUMNS)]

    def get_queryset(self) -> Any:
        visible = self.get_base_queryset().values("pk")
        posts = BlogPostPage.objects.filter(pk__in=visible).newest_first()
        posts = whole_posts(posts) if self.action == "detail_view" else cards(posts)
        return posts.select_related("series", "locale", "alias_of")
