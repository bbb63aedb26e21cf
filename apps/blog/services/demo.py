"""A first blog to look at: what `load_demo` shows on a fresh machine."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from wagtail.models import Page, Site

from apps.blog.models import BlogIndexPage, BlogPostPage
from apps.blog.services.demo_posts import BLOG_INTRO, DEMO_POSTS, Bullets, DemoPost, Heading, Paragraph

BLOG_SLUG = "blog"
_UNTOUCHED_HOST = ("localhost", 80)  # what Wagtail's own first migration writes
_UNTOUCHED_TITLE = "Welcome to your new Wagtail site!"


@dataclass(frozen=True, slots=True)
class DemoBlog:
    path: str  # of the list of posts
    post_count: int  # of published posts, those written by people included


@transaction.atomic
def load_demo_blog() -> DemoBlog:
    """Make a site, a blog and its first posts, each only where it is missing.

    May run any number of times, also at once: what editors changed stays as they left it, and a demo post
    they moved or unpublished does not come back.
    """
    Page.objects.select_for_update().get(depth=1)  # one loader at a time; read nothing before it
    site = _get_or_create_site()
    blog = _get_or_create_index(site)
    for post in DEMO_POSTS:
        _create_post_once(blog, post)
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


def _create_post_once(blog: BlogIndexPage, post: DemoPost) -> None:
    if BlogPostPage.objects.filter(slug=post.slug).exists():
        return
    page = BlogPostPage(
        title=post.title,
        slug=post.slug,
        intro=post.intro,
        date=date.fromisoformat(post.date),
        body=[_block(part) for part in post.body],
    )
    _publish_below(blog, page)


def _publish_below(parent: Page, page: Page) -> None:
    """With a revision, so that editors find a history from the start."""
    parent.add_child(instance=page)
    page.save_revision().publish()


def _block(part: Heading | Paragraph | Bullets) -> tuple[str, Any]:
    match part:
        case Heading(text):
            return "heading", {"text": text, "level": "h2"}
        case Paragraph(text):
            return "paragraph", str(format_html("<p>{}</p>", text))
        case Bullets(items):
            return "paragraph", str(_list_html(items))


def _list_html(items: tuple[str, ...]) -> SafeString:
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((item,) for item in items)))
