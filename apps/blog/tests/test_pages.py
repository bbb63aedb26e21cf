from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page
from wagtail.test.utils import WagtailPageTestCase
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from apps.blog.constants import POSTS_PER_PAGE
from apps.blog.models import BlogAuthorPage, BlogCategoryPage, BlogIndexPage, BlogPostPage, PlantSpeciesPage
from apps.blog.tests.factories import add_post, body_with_everything, create_image, make_private


class _InlineCode(HTMLParser):
    """Collects what a Content-Security-Policy without 'unsafe-inline' refuses."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        is_data = names.get("type") == "application/ld+json"  # no browser runs it
        if tag == "style" or (tag == "script" and "src" not in names and not is_data):
            self.found.append(tag)
        for name, value in attrs:
            if name == "style" or name.startswith("on") or (value or "").strip().startswith("javascript:"):
                self.found.append(f"{tag} {name}")


def test_the_search_for_inline_code_finds_it():
    page = (
        '<p style="color:red" onclick="x()"><style>p{}</style><script>x()</script><a href="javascript:x()">'
    )

    assert _InlineCode(page).found == ["p style", "p onclick", "style", "script", "a href"]


class PageRulesTests(WagtailPageTestCase):
    def test_a_blog_stands_below_a_plain_page_and_holds_only_its_own_kinds(self):
        self.assertAllowedParentPageTypes(BlogIndexPage, {Page})
        kinds = {BlogPostPage, BlogCategoryPage, BlogAuthorPage, PlantSpeciesPage}
        self.assertAllowedSubpageTypes(BlogIndexPage, kinds)

    def test_a_post_stands_below_a_blog_and_holds_nothing(self):
        self.assertAllowedParentPageTypes(BlogPostPage, {BlogIndexPage})
        self.assertAllowedSubpageTypes(BlogPostPage, set())

    def test_a_site_has_one_blog(self):
        home = Page.objects.get(depth=2)
        home.add_child(instance=BlogIndexPage(title="Blog", slug="blog"))

        assert not BlogIndexPage.can_create_at(home)

    def test_an_editor_writes_and_publishes_a_post_in_the_admin(self):
        self.login()
        blog = Page.objects.get(depth=2).add_child(instance=BlogIndexPage(title="Blog", slug="blog"))
        form = nested_form_data(
            {
                "title": "Ferns in the rain",
                "slug": "ferns",
                "date": "2026-10-02",
                "intro": "Wet leaves shine.",
                "body": streamfield([("paragraph", rich_text("<p>Dry them first.</p>"))]),
            }
        )

        self.assertCanCreate(blog, BlogPostPage, form, publish=True)

        assert "Dry them first." in self.client.get("/blog/ferns/").content.decode()


@pytest.fixture
def full_post(blog):
    image = create_image()
    return add_post(blog, slug="full", featured_image=image, body=body_with_everything(image))


def test_a_post_shows_every_kind_of_block(client, full_post):
    html = client.get("/blog/full/").content.decode()

    assert "<h2>Light</h2>" in html
    assert "<h3>Shade</h3>" in html
    assert "Wait for <b>soft</b> light." in html
    assert 'alt="A fern, seen from above"' in html
    assert "Ada, CC BY 4.0" in html
    assert "Closer.<br>Closer still." in html
    assert "A photographer" in html
    assert 'alt="A fern in the rain"' in html


@pytest.mark.parametrize("path", ["/blog/", "/blog/full/"])
def test_public_pages_hold_no_inline_code(client, full_post, path):
    response = client.get(path)

    assert response.status_code == 200
    assert _InlineCode(response.content.decode()).found == []


def test_text_of_editors_is_escaped(client, blog):
    add_post(
        blog,
        slug="x",
        title="<script>alert(1)</script>",
        body=[("quote", {"text": "<b>", "attribution": ""})],
    )

    html = client.get("/blog/x/").content.decode()

    assert "<script>" not in html
    assert "alert(1)\\u003C/script\\u003E" in html  # where search engines read it
    assert "&lt;b&gt;" in html


def test_a_post_whose_picture_was_deleted_is_still_readable(client, blog):
    image = create_image()
    add_post(blog, slug="bare", featured_image=image, body=body_with_everything(image))
    image.delete()

    response = client.get("/blog/bare/")

    assert response.status_code == 200
    assert "<figure>" not in response.content.decode()


def test_the_list_shows_published_public_posts_newest_first(client, blog):
    add_post(blog, title="Older", date="2026-01-01")
    add_post(blog, title="Newer", date="2026-02-01")
    add_post(blog, title="Draft", live=False)
    make_private(add_post(blog, title="Members"))

    html = client.get("/blog/").content.decode()

    assert html.index("Newer") < html.index("Older")
    assert "Draft" not in html
    assert "Members" not in html


@pytest.mark.parametrize(("number", "shown"), [("2", 2), ("999", 2), ("-1", 2), ("x", 1), ("", 1)])
def test_any_page_number_shows_a_page_of_the_list(client, blog, number, shown):
    for _ in range(POSTS_PER_PAGE + 1):
        add_post(blog)

    html = client.get("/blog/", {"page": number}).content.decode()

    assert f"Page {shown} of 2" in html


def test_the_list_takes_as_many_queries_for_many_posts_as_for_one(client, blog):
    add_post(blog, featured_image=create_image())
    client.get("/blog/")  # makes the rendition
    few = _count_queries(client, "/blog/")
    for _ in range(5):
        add_post(blog, featured_image=create_image())
    client.get("/blog/")

    assert _count_queries(client, "/blog/") == few


def test_a_draft_is_not_found(client, blog):
    add_post(blog, slug="draft", live=False)

    assert client.get("/blog/draft/").status_code == 404


def _count_queries(client, path):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)
