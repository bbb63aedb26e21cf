"""What posts can be narrowed down by. Unknown names find nothing; what is no name at all is refused."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request
from wagtail.api.v2.utils import BadRequestError

from apps.blog.models import BlogPostPage

VALUES_MAX = 20  # of one parameter

_Condition = Callable[[list[str]], Q]
_CONDITIONS: dict[str, _Condition] = {
    "category": lambda slugs: Q(categories__slug__in=slugs),
    "tag": lambda tags: Q(tags__slug__in=tags) | Q(tags__name__in=tags),
    "author": lambda slugs: Q(authors__slug__in=slugs),
    "series": lambda slugs: Q(series__slug__in=slugs),
    "species": lambda ids: Q(species__in=[UUID(each) for each in ids]),
}
_DAYS = {"date_from": "date__gte", "date_to": "date__lte"}
_ANY = "several by commas: posts with any of them"

DESCRIBED = {
    "category": OpenApiParameter("category", description=f"Slugs, {_ANY}."),
    "tag": OpenApiParameter("tag", description=f"Tags or their slugs, {_ANY}."),
    "author": OpenApiParameter("author", description=f"Slugs, {_ANY}."),
    "series": OpenApiParameter("series", description=f"Slugs, {_ANY}."),
    "species": OpenApiParameter("species", description=f"Ids of the encyclopedia, {_ANY}."),
    "date_from": OpenApiParameter("date_from", OpenApiTypes.DATE, description="The first day."),
    "date_to": OpenApiParameter("date_to", OpenApiTypes.DATE, description="The last day."),
}


class PostsFilter(BaseFilterBackend):
    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        """By key alone, because a search takes no other conditions after it."""
        asked = request.query_params
        for name, condition in _CONDITIONS.items():
            if name in asked:
                posts = BlogPostPage.objects.filter(condition(_values(name, asked[name])))
                queryset = queryset.filter(pk__in=posts.values("pk"))
        for name, lookup in _DAYS.items():
            if name in asked:
                queryset = queryset.filter(**{lookup: date.fromisoformat(asked[name])})
        return queryset


def _values(name: str, text: str) -> list[str]:
    values = [value.strip() for value in text.split(",") if value.strip()]
    if not values or len(values) > VALUES_MAX:
        told = {"name": name, "most": VALUES_MAX}
        raise BadRequestError(_("%(name)s takes 1 to %(most)d values, separated by commas") % told)
    return values
