"""What the list of posts can be narrowed to, and in which order it comes."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.blog.models import BlogPostPage
from apps.blog.selectors import find_posts

SLUG_CHARS = 100
SEARCH_CHARS = 200


class PostFilter(django_filters.FilterSet):  # type: ignore[misc]  # without types
    category = django_filters.CharFilter(
        field_name="categories__slug", max_length=SLUG_CHARS, label="Those filed under this slug."
    )
    tag = django_filters.CharFilter(
        field_name="tags__slug", max_length=SLUG_CHARS, label="Those with this tag, by its slug."
    )
    author = django_filters.CharFilter(
        field_name="authors__slug", max_length=SLUG_CHARS, label="Those of this author, by the slug."
    )
    series = django_filters.CharFilter(
        field_name="series__slug", max_length=SLUG_CHARS, label="Those of this series, by its slug."
    )
    species = django_filters.UUIDFilter(field_name="species", label="Those about this species.")
    search = django_filters.CharFilter(
        method="with_words", max_length=SEARCH_CHARS, label="Those in which these words stand."
    )

    class Meta:
        model = BlogPostPage
        fields: list[str] = []

    def with_words(self, posts: QuerySet[BlogPostPage], _name: str, text: str) -> QuerySet[BlogPostPage]:
        return posts.filter(pk__in=find_posts(text))


class PostOrdering(OrderingFilter):
    """Read by the pagination, which does the ordering."""

    ordering_description = "Newest first, unless another order is asked for."
    _choices = ("-date", "date", "title", "-title")

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str, ...]:
        asked = request.query_params.get(self.ordering_param) or self._choices[0]
        if asked not in self._choices:
            choices = ", ".join(f"`{choice}`" for choice in self._choices)
            raise ValidationError({self.ordering_param: [_("Choose one of these: %s.") % choices]})
        return (asked,)

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        return queryset

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        parameters = super().get_schema_operation_parameters(view)
        parameters[0]["schema"] |= {"enum": list(self._choices), "default": self._choices[0]}
        return parameters
