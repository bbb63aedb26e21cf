"""What posts are sorted by: categories, series, authors."""

from typing import Any

from django.db.models import Prefetch
from django.http import Http404
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from wagtail.api.v2.filters import FieldsFilter, OrderingFilter, SearchFilter
from wagtail.api.v2.views import BaseAPIViewSet

from apps.blog.api.serializers import AuthorSerializer, SeriesSerializer, SubjectRowSerializer
from apps.blog.api.views import PublicContentMixin
from apps.blog.models import BlogAuthor, BlogCategory, BlogSeries
from apps.blog.models.reading import (
    authors_with_pages,
    categories_with_pages,
    in_reading_order,
    with_post_counts,
)


class _SubjectsViewSet(PublicContentMixin, BaseAPIViewSet):  # type: ignore[misc]
    base_serializer_class = SubjectRowSerializer
    filter_backends = [FieldsFilter, OrderingFilter, SearchFilter]
    find_query_parameters = frozenset({"slug"})
    key_type = OpenApiTypes.UUID

    @classmethod
    def get_urlpatterns(cls) -> list[Any]:
        return [
            path("", cls.as_view({"get": "listing_view"}), name="listing"),
            path("<uuid:pk>/", cls.as_view({"get": "detail_view"}), name="detail"),
            path("find/", cls.as_view({"get": "find_view"}), name="find"),
        ]

    def find_object(self, queryset: Any, request: Request) -> Any:
        found = queryset.filter(slug=request.GET.get("slug", "")).first()
        if found is None:
            raise Http404
        return found


class CategoriesViewSet(_SubjectsViewSet):
    name = "categories"
    model = BlogCategory
    body_fields = [*BaseAPIViewSet.body_fields, "name", "slug", "description", "post_count"]
    meta_fields = [*BaseAPIViewSet.meta_fields, "html_url"]
    listing_default_fields = [*body_fields, *meta_fields]
    told_as = "Category"

    def get_queryset(self) -> Any:
        return with_post_counts(categories_with_pages()).order_by("name", "pk")


class AuthorsViewSet(_SubjectsViewSet):
    name = "authors"
    model = BlogAuthor
    base_serializer_class = AuthorSerializer
    body_fields = [*BaseAPIViewSet.body_fields, "name", "slug", "role", "bio", "picture", "post_count"]
    meta_fields = [*BaseAPIViewSet.meta_fields, "html_url"]
    listing_default_fields = [*body_fields, *meta_fields]
    told_as = "Author"

    def get_queryset(self) -> Any:
        return with_post_counts(authors_with_pages()).order_by("name", "pk")


class SeriesViewSet(_SubjectsViewSet):
    name = "series"
    model = BlogSeries
    base_serializer_class = SeriesSerializer
    body_fields = [*BaseAPIViewSet.body_fields, "title", "slug", "description", "post_count", "posts"]
    meta_fields = [*BaseAPIViewSet.meta_fields, "html_url"]
    listing_default_fields = [*body_fields[:-1], *meta_fields]
    told_as = "Series"

    def get_queryset(self) -> Any:
        entries = Prefetch("posts", queryset=in_reading_order(), to_attr="public_posts")
        series = with_post_counts(BlogSeries.objects.prefetch_related(entries))
        return series.order_by("title", "pk")
