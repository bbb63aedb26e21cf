"""A first blog to look at: what `load_demo` shows on a fresh machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from wagtail.models import Page, Site

from apps.blog.blocks import species_shown_in
from apps.blog.models import (
    BlogAuthor,
    BlogAuthorPage,
    BlogCategory,
    BlogCategoryPage,
    BlogIndexPage,
    BlogPostPage,
    BlogSeries,
)
from apps.blog.services.demo_blocks import find_species, make_body, make_image
from apps.blog.services.demo_parts import DemoPost
from apps.blog.services.demo_posts import PHOTO_POSTS
from apps.blog.services.demo_reading import READING_POSTS
from apps.blog.services.demo_subjects import AUTHORS, BLOG_INTRO, CATEGORIES, SERIES
from apps.plant_identification.public import PlantSpecies

DEMO_POSTS = (*PHOTO_POSTS, *READING_POSTS)  # the oldest first
BLOG_SLUG = "blog"
_UNTOUCHED_HOST = ("localhost", 80)  # what Wagtail's own first migration writes
_UNTOUCHED_TITLE = "Welcome to your new Wagtail site!"


@dataclass(frozen=True, slots=True)
class DemoBlog:
    path: str  # of the list of posts
    post_count: int  # of published posts, those written by people included


@dataclass(frozen=True, slots=True)
class _Known:
    """What posts refer to, by slug; species by name."""

    categories: Mapping[str, BlogCategory]
    series: Mapping[str, BlogSeries]
    authors: Mapping[str, BlogAuthor]
    species: Mapping[str, PlantSpecies]


@transaction.atomic
def load_demo_blog() -> DemoBlog:
    """Make a site, a blog and its first posts, each only where it is missing.

    May run any number of times, also at once: what editors changed stays as they left it, and a demo post
    they moved or unpublished does not come back.
    """
    Page.objects.select_for_update().get(depth=1)  # one loader at a time; read nothing before it
    site = _get_or_create_site()
    blog = _get_or_create_index(site)
    known = _get_or_create_known()
    for post in DEMO_POSTS:
        _create_post_once(blog, post, known)
    _create_directory_pages_once(blog, known)
    return DemoBlog(
        path=str(blog.get_url() or ""), post_count=BlogPostPage.objects.child_of(blog).published().count()
    )


def _get_or_create_site() -> Site:
    host = urlsplit(settings.WAGTAILADMIN_BASE_URL)
    hostname, port = host.hostname or "localhost", host.port or (443 if host.scheme == "https" else 80)
    site = Site.objects.select_related("root_page").filter(is_default_site=True).first()
    if site is None:
        root = _create_home()
        return Site.objects.create(
            hostname=hostname,
            port=port,
            root_page=root,
            is_default_site=True,
            site_name=settings.WAGTAIL_SITE_NAME,
        )
    if (site.hostname, site.port) == _UNTOUCHED_HOST:
        # Addresses in feeds, search engines and the API are made from these two.
        site.hostname, site.port, site.site_name = hostname, port, settings.WAGTAIL_SITE_NAME
        site.save()
    if site.root_page.title == _UNTOUCHED_TITLE:
        site.root_page.title = site.root_page.draft_title = settings.WAGTAIL_SITE_NAME
        site.root_page.save()
    return site


def _create_home() -> Page:
    root = Page.get_first_root_node()
    return root.add_child(instance=Page(title=settings.WAGTAIL_SITE_NAME, slug="home"))


def _get_or_create_index(site: Site) -> BlogIndexPage:
    index: BlogIndexPage | None = BlogIndexPage.objects.child_of(site.root_page).first()
    if index is None:
        index = BlogIndexPage(title="Blog", slug=BLOG_SLUG, intro=BLOG_INTRO, show_in_menus=True)
        _publish_below(site.root_page, index)
    return index


def _create_post_once(blog: BlogIndexPage, post: DemoPost, known: _Known) -> None:
    if BlogPostPage.objects.filter(slug=post.slug).exists():
        return
    page = BlogPostPage(
        title=post.title,
        slug=post.slug,
        intro=post.intro,
        search_description=post.intro,
        date=date.fromisoformat(post.date),
        featured_image=make_image(*post.motif),
        body=make_body(post, known.species),
        series=known.series.get(post.series),
        series_position=_place_in_series(post),
        categories=[known.categories[slug] for slug in post.categories],
        authors=[known.authors[post.author]],
    )
    page.tags.add(*post.tags)
    page.species = species_shown_in(page.body)
    _publish_below(blog, page)


def _place_in_series(post: DemoPost) -> int | None:
    in_order = [each.slug for each in DEMO_POSTS if each.series == post.series]
    return in_order.index(post.slug) + 1 if post.series else None


def _get_or_create_known() -> _Known:
    return _Known(
        categories={
            each.slug: BlogCategory.objects.get_or_create(
                slug=each.slug, defaults={"name": each.name, "description": each.description}
            )[0]
            for each in CATEGORIES
        },
        series={
            each.slug: BlogSeries.objects.get_or_create(
                slug=each.slug, defaults={"title": each.name, "description": each.description}
            )[0]
            for each in SERIES
        },
        authors={
            each.slug: BlogAuthor.objects.get_or_create(
                slug=each.slug, defaults={"name": each.name, "role": each.role, "bio": each.bio}
            )[0]
            for each in AUTHORS
        },
        species=find_species(DEMO_POSTS),
    )


def _create_directory_pages_once(blog: BlogIndexPage, known: _Known) -> None:
    """A page for each category and each author."""
    for category in known.categories.values():
        if not BlogCategoryPage.objects.filter(category=category).exists():
            page = BlogCategoryPage(
                title=category.name, slug=category.slug, category=category, intro=category.description
            )
            _publish_below(blog, page)
    for author in known.authors.values():
        if not BlogAuthorPage.objects.filter(author=author).exists():
            _publish_below(blog, BlogAuthorPage(title=author.name, slug=author.slug, author=author))


def _publish_below(parent: Page, page: Page) -> None:
    """With a revision, so that editors find a history from the start."""
    parent.add_child(instance=page)
    page.save_revision().publish()
