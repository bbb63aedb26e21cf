"""What the templates of the public pages ask for."""

import json
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from apps.blog.models import BlogPostPage
from apps.blog.selectors import PlaceInSeries, find_place_in_series, list_related_posts
from apps.blog.services.structured_data import describe_page, social_picture
from apps.plant_identification.public import Fact

register = template.Library()

RELATED_POSTS = 3  # one row of cards

# As Django's `json_script` does: nothing in it ends the element it stands in.
_NO_MARKUP = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


@register.inclusion_tag("blog/parts/head.html", takes_context=True)
def page_head(context: dict[str, Any]) -> dict[str, Any]:
    """Description, address, what is shown where the page is shared, and what search engines read."""
    page, posts = context["page"], context.get("posts")
    number = posts.number if posts else 1
    address = context.get("address") or page.full_url or ""
    portrait, heading = context.get("portrait"), context.get("heading")
    plant = (heading, address) if portrait and heading else None
    return {
        "page": page,
        "title": heading or page.seo_title or page.title,
        "summary": context.get("summary") or page.search_description or getattr(page, "intro", ""),
        "address": f"{address}?page={number}" if number > 1 else address,
        "picture": social_picture(page, portrait),
        "feed": context.get("feed"),
        "is_post": context.get("post") is not None,
        "documents": [_json(each) for each in describe_page(page, portrait=portrait, plant=plant)],
    }


@register.simple_tag
def place_in_series(post: BlogPostPage) -> PlaceInSeries | None:
    """None for a post that stands alone, also where the others of its series are not published yet."""
    place = find_place_in_series(post=post)
    return place if place and place.count > 1 else None


@register.simple_tag
def related_to(post: BlogPostPage) -> list[BlogPostPage]:
    return list_related_posts(post=post, limit=RELATED_POSTS)


@register.filter
def fact_label(fact: Fact) -> str:
    return fact.field.replace("_", " ").capitalize()


@register.filter
def fact_text(fact: Fact) -> str:
    """As the source says it, with its unit."""
    value = ", ".join(map(str, fact.value)) if isinstance(fact.value, list) else str(fact.value)
    return f"{value} {fact.unit}".strip()


def _json(document: dict[str, Any]) -> SafeString:
    return mark_safe(json.dumps(document, ensure_ascii=False).translate(_NO_MARKUP))  # noqa: S308
