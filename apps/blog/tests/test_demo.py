import pytest
from wagtail.models import Page, Site

from apps.blog.models import BlogAuthor, BlogIndexPage, BlogPostPage
from apps.blog.public import DemoBlog, load_demo_blog
from apps.blog.services import demo
from apps.plant_identification.tests.factories import SpeciesFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def short_demo(monkeypatch):
    """Two posts are as good as eight for what has to do with none of them in particular."""
    monkeypatch.setattr(demo, "DEMO_POSTS", demo.DEMO_POSTS[:2])


def test_the_demo_blog_can_be_read_at_once(client):
    SpeciesFactory(canonical_name="Nerium oleander", common_names={"en": ["Oleander"]})

    loaded = load_demo_blog()

    assert loaded == DemoBlog(path="/blog/", post_count=8)
    assert client.get(loaded.path).status_code == 200
    pages = {post.slug: client.get(post.get_url()) for post in BlogPostPage.objects.all()}
    assert {response.status_code for response in pages.values()} == {200}
    assert client.get("/api/v2/blog-posts/").json()["meta"]["total_count"] == 8
    assert not any(Page.find_problems())
    _require_everything_of_a_post()
    _require_only_known_plants(pages["poisonous-to-whom"].content.decode())
    assert BlogPostPage.objects.live().search("bark").count() == 1
    assert BlogPostPage.objects.live().search("Picture desk").count() == 4


def _require_everything_of_a_post():
    for post in BlogPostPage.objects.all():
        assert post.featured_image.description
        assert post.authors.count() == 1
        assert post.categories.exists()
        assert post.tags.count() >= 2
    assert {author.slug for author in BlogAuthor.objects.all()} == {"picture-desk", "plant-desk"}
    places = BlogPostPage.objects.filter(series__slug="better-plant-photos").order_by("date")
    assert [post.series_position for post in places] == [1, 2, 3]


def _require_only_known_plants(html):
    """The catalogue may not be there yet: what it does not know is left out."""
    post = BlogPostPage.objects.get(slug="poisonous-to-whom")
    assert [species.canonical_name for species in post.species.all()] == ["Nerium oleander"]
    assert "<h2>Oleander</h2>" in html
    assert html.count('class="plant spotlight"') == 1


def test_loading_it_again_changes_nothing(short_demo):
    first = load_demo_blog()
    before = list(Page.objects.order_by("pk").values_list("pk", "path", "latest_revision_id"))

    assert load_demo_blog() == first

    assert list(Page.objects.order_by("pk").values_list("pk", "path", "latest_revision_id")) == before


def test_what_editors_did_to_the_demo_stays(short_demo):
    load_demo_blog()
    post = BlogPostPage.objects.first()
    post.title = "Rewritten"
    post.save_revision().publish()
    BlogPostPage.objects.last().unpublish()

    loaded = load_demo_blog()

    post.refresh_from_db()
    assert post.title == "Rewritten"
    assert loaded.post_count == 1


def test_an_untouched_site_gets_the_address_of_the_settings(short_demo, settings):
    settings.WAGTAILADMIN_BASE_URL = "https://plants.example.org"

    load_demo_blog()

    site = Site.objects.get(is_default_site=True)
    assert (site.hostname, site.port) == ("plants.example.org", 443)
    assert BlogIndexPage.objects.get().full_url == "https://plants.example.org/blog/"


def test_a_site_somebody_configured_keeps_its_address(short_demo):
    Site.objects.update(hostname="mine.example.org", port=443)

    load_demo_blog()

    assert Site.objects.get().hostname == "mine.example.org"


def test_a_database_without_any_site_gets_one(short_demo):
    Site.objects.all().delete()
    Page.objects.filter(depth__gt=1).delete()

    assert load_demo_blog().post_count == 2
