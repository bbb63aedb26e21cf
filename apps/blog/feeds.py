"""RSS and Atom: all posts, those of a category, those of an author."""

from datetime import UTC, datetime, time
from typing import Any

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed

from apps.blog.constants import FEED_KEPT_S, POSTS_IN_FEED
from apps.blog.models import BlogAuthor, BlogCategory, BlogIndexPage, BlogPostPage
from apps.blog.models.reading import authors_with_pages, cards, categories_with_pages, page_of

_KINDS = {"rss": Rss201rev2Feed, "atom": Atom1Feed}


class PostsFeed(Feed):  # type: ignore[type-arg]  # no generic at run time
    """At the top what was published last. Only what everybody may read."""

    def __call__(self, request: HttpRequest, *args: Any, kind: str, **kwargs: Any) -> HttpResponse:
        feed = type(self)()
        feed.feed_type = _KINDS[kind]
        response: HttpResponse = Feed.__call__(feed, request, *args, **kwargs)
        response["Cache-Control"] = f"public, max-age={FEED_KEPT_S}"
        return response

    def get_object(self, request: HttpRequest, **_: Any) -> Any:
        return BlogIndexPage.objects.live().public().order_by("path").first()

    def title(self, thing: Any) -> str:
        return f"{thing.title if thing else 'Blog'} – {settings.WAGTAIL_SITE_NAME}"

    def link(self, thing: Any) -> str:
        return (thing.full_url if thing else None) or "/"

    def description(self, thing: Any) -> str:
        return thing.intro if thing else ""

    def subtitle(self, thing: Any) -> str:
        return self.description(thing)

    def posts(self, _: Any) -> Any:
        return BlogPostPage.objects.all()

    def items(self, obj: Any) -> Any:
        return cards(self.posts(obj).published())[:POSTS_IN_FEED]

    def item_title(self, item: BlogPostPage) -> str:
        return str(item.title)

    def item_description(self, item: BlogPostPage) -> str:
        return str(item.intro)

    def item_link(self, item: BlogPostPage) -> str:
        return item.full_url or "/"

    def item_pubdate(self, item: BlogPostPage) -> datetime:
        return datetime.combine(item.date, time(), tzinfo=UTC)

    def item_updateddate(self, item: BlogPostPage) -> datetime:
        return item.last_published_at or self.item_pubdate(item)

    def item_author_name(self, item: BlogPostPage) -> str:
        return ", ".join(author.name for author in item.authors.all())

    def item_categories(self, item: BlogPostPage) -> list[str]:
        return [
            *(category.name for category in item.categories.all()),
            *sorted(tag.name for tag in item.tags.all()),
        ]


class _SubjectFeed(PostsFeed):
    def title(self, thing: Any) -> str:
        return f"{thing.name} – {settings.WAGTAIL_SITE_NAME}"

    def link(self, thing: Any) -> str:
        page = page_of(thing)
        return (page.full_url if page else None) or super().link(super().get_object(HttpRequest()))


class CategoryFeed(_SubjectFeed):
    def get_object(self, request: HttpRequest, **names: Any) -> BlogCategory:
        return get_object_or_404(categories_with_pages(), slug=names["slug"])

    def description(self, thing: Any) -> str:
        return str(thing.description)

    def posts(self, category: BlogCategory) -> Any:
        return BlogPostPage.objects.filter(categories=category)


class AuthorFeed(_SubjectFeed):
    def get_object(self, request: HttpRequest, **names: Any) -> BlogAuthor:
        return get_object_or_404(authors_with_pages(), slug=names["slug"])

    def description(self, thing: Any) -> str:
        return str(thing.bio)

    def posts(self, author: BlogAuthor) -> Any:
        return BlogPostPage.objects.filter(authors=author)
