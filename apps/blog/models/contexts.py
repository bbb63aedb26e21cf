"""What the public pages show, as their templates name it."""

from typing import Any

from django.core.paginator import Page as PostsOnOnePage
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from wagtail.models import Page

from apps.blog.constants import POSTS_PER_PAGE
from apps.blog.models.directories import BlogAuthorPage, BlogCategoryPage, PlantSpeciesPage
from apps.blog.models.pages import BlogIndexPage, BlogPostPage
from apps.blog.models.plant_contexts import address_of, known_about
from apps.blog.models.reading import (
    authors_with_pages,
    cards,
    categories_with_pages,
    in_reading_order,
    page_of,
    species_with_pages,
)
from apps.blog.models.snippets import BlogSeries
from apps.core.languages import ENGLISH
from apps.plant_identification.public import portray_species

Context = dict[str, Any]


def index_context(index: BlogIndexPage, request: HttpRequest) -> Context:
    posts = BlogPostPage.objects.child_of(index).published()
    categories = BlogCategoryPage.objects.child_of(index).live().public().select_related("category")
    return {
        "posts": posts_on_one_page(posts, request),
        "categories": categories.order_by("title"),
        "feed": _feed("posts"),
    }


def tag_context(index: BlogIndexPage, tag: Any, request: HttpRequest) -> Context:
    posts = BlogPostPage.objects.child_of(index).published().filter(tags=tag)
    address = index.get_full_url(request) + index.reverse_subpage("tag", args=[tag.slug])
    return {
        "blog": index,
        "posts": posts_on_one_page(posts, request),
        "categories": [],
        "heading": f"Posts about “{tag.name}”",
        "address": address,
    }


def series_context(index: BlogIndexPage, series: BlogSeries, request: HttpRequest) -> Context:
    posts = in_reading_order().child_of(index).filter(series=series)
    return {
        "blog": index,
        "posts": posts_on_one_page(posts, request),
        "categories": [],
        "heading": series.title,
        "summary": series.description,
        "address": index.get_full_url(request) + index.reverse_subpage("series", args=[series.slug]),
    }


def category_context(page: BlogCategoryPage, request: HttpRequest) -> Context:
    posts = BlogPostPage.objects.filter(categories=page.category_id).published()
    return {
        "blog": _blog_of(page),
        "posts": posts_on_one_page(posts, request),
        "feed": _feed("category", page.category.slug),
    }


def author_context(page: BlogAuthorPage, request: HttpRequest) -> Context:
    posts = BlogPostPage.objects.filter(authors=page.author_id).published()
    return {
        "blog": _blog_of(page),
        "posts": posts_on_one_page(posts, request),
        "feed": _feed("author", page.author.slug),
    }


def post_context(post: BlogPostPage, request: HttpRequest) -> Context:
    blog = _blog_of(post)
    authors = authors_with_pages().filter(pk__in=[each.pk for each in post.authors.all()])
    categories = categories_with_pages().filter(pk__in=[each.pk for each in post.categories.all()])
    species = species_with_pages().filter(pk__in=[each.pk for each in post.species.all()])
    return {
        "post": post,
        "blog": blog,
        "authors": [_link(each, request, name=each.name) for each in authors],
        "categories": [_link(each, request, name=each.name) for each in categories],
        "tags": [
            {"name": tag.name, "url": blog.get_url(request) + blog.reverse_subpage("tag", args=[tag.slug])}
            for tag in sorted(post.tags.all(), key=lambda tag: str(tag.name))
        ],
        "species": [
            {
                "url": _link(each, request)["url"] or address_of(each, blog, request),
                "name": each.canonical_name,
                "common_name": each.common_name(ENGLISH),
            }
            for each in species
        ],
        "series_url": _series_url(post, blog, request),
        "feed": _feed("posts"),
    }


def species_context(page: PlantSpeciesPage) -> Context:
    portrait = portray_species([page.species_id]).get(page.species_id)
    known = known_about(portrait) if portrait else {}
    return {"blog": _blog_of(page), "words": page, "portrait": portrait, **known}


def posts_on_one_page(posts: Any, request: HttpRequest) -> PostsOnOnePage[Any]:
    """A number that makes no sense shows the nearest page there is: readers follow old links."""
    return Paginator(cards(posts), POSTS_PER_PAGE).get_page(request.GET.get("page"))


def _series_url(post: BlogPostPage, blog: BlogIndexPage, request: HttpRequest) -> str:
    if post.series is None:
        return ""
    return f"{blog.get_url(request)}{blog.reverse_subpage('series', args=[post.series.slug])}"


def _blog_of(page: Page) -> BlogIndexPage:
    return page.get_parent().specific  # type: ignore[no-any-return]


def _link(thing: Model, request: HttpRequest, **words: str) -> Context:
    page = page_of(thing)
    return {"url": page.get_url(request) if page else None, **words}


def _feed(name: str, *args: str) -> dict[str, str]:
    return {kind: reverse(f"feeds:{name}", args=[*args, kind]) for kind in ("rss", "atom")}
