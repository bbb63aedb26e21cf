"""Posts, and what they are sorted by: public, the same for everybody. The content API tells more of each."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response

from apps.blog.api.v1.filters import PostFilter, PostOrdering
from apps.blog.api.v1.limits import BlogThrottle
from apps.blog.api.v1.post_serializers import (
    CategoryEntrySerializer,
    PostEntrySerializer,
    PostSerializer,
    SeriesEntrySerializer,
    SeriesWithPostsSerializer,
)
from apps.blog.constants import CONTENT
from apps.blog.exceptions import NothingThere
from apps.blog.models import BlogCategory, BlogPostPage, BlogSeries
from apps.blog.selectors import get_post, list_categories, list_posts, list_series
from apps.core.api.filtering import FilterBackend
from apps.core.api.kept_answers import told_for_a_while
from apps.core.api.pagination import NewestFirstPagination
from apps.core.api.sparse import SparseReads
from apps.users.public import KeyAccess


class PostPagination(NewestFirstPagination):
    ordering = "-date"


class CategoryPagination(NewestFirstPagination):
    ordering = "name"


class SeriesPagination(NewestFirstPagination):
    ordering = "title"


class _BlogView(SparseReads):
    permission_classes = [IsAuthenticatedOrReadOnly]
    throttle_classes = [BlogThrottle]


class PostListView(_BlogView, ListAPIView[BlogPostPage]):
    """All public posts, newest first."""

    api_key_access = KeyAccess()
    queryset = BlogPostPage.objects.none()  # what the description is made from, without a database
    serializer_class = PostEntrySerializer
    pagination_class = PostPagination
    filter_backends = [FilterBackend, PostOrdering]
    filterset_class = PostFilter

    def get_queryset(self) -> QuerySet[BlogPostPage]:
        posts: QuerySet[BlogPostPage] = list_posts()
        return posts

    @extend_schema(operation_id="list_posts", responses=PostEntrySerializer(many=True))
    @told_for_a_while(CONTENT)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class PostDetailView(_BlogView):
    """One post with its text, by its id or its slug."""

    api_key_access = KeyAccess()
    shown_by = PostSerializer

    @extend_schema(operation_id="get_post", responses=PostSerializer)
    @told_for_a_while(CONTENT)
    def get(self, request: Request, post: str) -> Response:
        found = get_post(post)
        if found is None:
            raise NothingThere
        return Response(PostSerializer(found, context={"request": request}).data)


class CategoryListView(_BlogView, ListAPIView[BlogCategory]):
    """What posts are filed under, by name."""

    api_key_access = KeyAccess()
    serializer_class = CategoryEntrySerializer
    pagination_class = CategoryPagination
    filter_backends = []

    def get_queryset(self) -> QuerySet[BlogCategory]:
        return list_categories()

    @extend_schema(operation_id="list_categories", responses=CategoryEntrySerializer(many=True))
    @told_for_a_while(CONTENT)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class SeriesListView(_BlogView, ListAPIView[BlogSeries]):
    """Posts that are meant to be read one after the other, by title."""

    api_key_access = KeyAccess()
    serializer_class = SeriesEntrySerializer
    pagination_class = SeriesPagination
    filter_backends = []

    def get_queryset(self) -> QuerySet[BlogSeries]:
        return list_series()

    @extend_schema(operation_id="list_series", responses=SeriesEntrySerializer(many=True))
    @told_for_a_while(CONTENT)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class SeriesDetailView(_BlogView):
    """One series, with its posts in the order they are meant to be read."""

    api_key_access = KeyAccess()
    shown_by = SeriesWithPostsSerializer

    @extend_schema(operation_id="get_series", responses=SeriesWithPostsSerializer)
    @told_for_a_while(CONTENT)
    def get(self, request: Request, slug: str) -> Response:
        series = list_series().filter(slug=slug).first()
        if series is None:
            raise NothingThere
        return Response(SeriesWithPostsSerializer(series, context={"request": request}).data)
