from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Case, When
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from wagtail.api.v2.utils import BadRequestError

from apps.blog.api.filters import DESCRIBED, PostsFilter
from apps.blog.api.serializers import BlogPostSerializer
from apps.blog.api.views import PublicPagesViewSet
from apps.blog.constants import POPULAR_DAYS, POPULAR_DAYS_MAX
from apps.blog.models import BlogPostPage
from apps.blog.models.reading import cards, whole_posts
from apps.blog.selectors import popular_posts

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

    @classmethod
    def get_urlpatterns(cls) -> list[Any]:
        popular = path("popular/", PopularPostsViewSet.as_view({"get": "listing_view"}), name="popular")
        return [popular, *super().get_urlpatterns()]


class PopularPostsViewSet(BlogPostsViewSet):
    """Posts that were opened most, the first before the others."""

    filter_backends: list[Any] = []
    known_query_parameters = frozenset({"days", "limit", "fields"})
    described_parameters: ClassVar[dict[str, OpenApiParameter]] = {
        "days": OpenApiParameter(
            "days",
            OpenApiTypes.INT,
            description=f"Of how many days: {POPULAR_DAYS}, and at most {POPULAR_DAYS_MAX}.",
        )
    }
    tells_when = False  # people open posts without changing them

    def get_queryset(self) -> Any:
        ids = popular_posts(days=self._days(), limit=settings.WAGTAILAPI_LIMIT_MAX)
        places = [When(pk=pk, then=place) for place, pk in enumerate(ids)]
        posts = super().get_queryset().filter(pk__in=ids)
        return posts.order_by(Case(*places)) if places else posts

    def check_query_parameters(self, queryset: Any) -> None:
        """Columns are nothing to ask for here."""
        if unknown := self.request.GET.keys() - self.known_query_parameters:
            raise BadRequestError(_("unknown parameters: %(names)s") % {"names": ", ".join(sorted(unknown))})

    def _days(self) -> int:
        text = self.request.GET.get("days", str(POPULAR_DAYS))
        if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:12]) <= POPULAR_DAYS_MAX:
            raise BadRequestError(_("days must be a number from 1 to %(most)d") % {"most": POPULAR_DAYS_MAX})
        return int(text)
