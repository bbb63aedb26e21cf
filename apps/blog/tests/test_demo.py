import pytest
from wagtail.models import Page, Site

from apps.blog.models import BlogIndexPage, BlogPostPage
from apps.blog.public import DemoBlog, load_demo_blog

pytestmark = pytest.mark.django_db


def test_the_demo_blog_can_be_read_at_once(client):
    demo = load_demo_blog()

    assert demo == DemoBlog(path="/blog/", post_count=3)
    assert client.get(demo.path).status_code == 200
    for post in BlogPostPage.objects.all():
        assert client.get(post.get_url()).status_code == 200
    assert client.get("/api/v2/blog-posts/").json()["meta"]["total_count"] == 3
    assert not any(Page.find_problems())


def test_loading_it_again_changes_nothing():
    first = load_demo_blog()
    before = list(Page.objects.order_by("pk").values_list("pk", "path", "latest_revision_id"))

    assert load_demo_blog() == first

    assert list(Page.objects.order_by("pk").values_list("pk", "path", "latest_revision_id")) == before


def test_what_editors_did_to_the_demo_stays():
    load_demo_blog()
    post = BlogPostPage.objects.first()
    post.title = "Rewritten"
    post.save_revision().publish()
    BlogPostPage.objects.last().unpublish()

    demo = load_demo_blog()

    post.refresh_from_db()
    assert post.title == "Rewritten"
    assert demo.post_count == 2


def test_an_untouched_site_gets_the_address_of_the_settings(settings):
    settings.WAGTAILADMIN_BASE_URL = "https://plants.example.org"

    load_demo_blog()

    site = Site.objects.get(is_default_site=True)
    assert (site.hostname, site.port) == ("plants.example.org", 443)
    assert BlogIndexPage.objects.get().full_url == "https://plants.example.org/blog/"


def test_a_site_somebody_configured_keeps_its_address():
    Site.objects.update(hostname="mine.example.org", port=443)

    load_demo_blog()

    assert Site.objects.get().hostname == "mine.example.org"


def test_a_database_without_any_site_gets_one():
    Site.objects.all().delete()
    Page.objects.filter(depth__gt=1).delete()

    assert load_demo_blog().post_count == 3


def test_the_demo_posts_are_found_by_search():
    load_demo_blog()

    assert BlogPostPage.objects.live().search("bark").count() == 1
