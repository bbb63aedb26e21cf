"""What the list of posts can be narrowed to, and in which order it comes."""

import django_filters
from django.db.models import QuerySet

from apps.blog.models import BlogPostPage
from apps.blog.selectors import find_posts
from apps.core.api.filtering import ListOrdering

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


class PostOrdering(ListOrdering):
    ordering_description = "Newest first, unless another order is asked for."
    columns = {name: name for name in ("-date", "date", "title", "-title")}
