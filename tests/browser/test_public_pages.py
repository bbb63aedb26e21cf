"""The blog for those who only read: for everybody, light, and without any script."""

import json

import pytest

from tests.browser.driving import Visit
from tests.browser.test_identify_page_for_everybody import require_accessible, require_good_for_everybody

pytestmark = pytest.mark.timeout(180)

CONTENT = """
from datetime import date
from wagtail.models import Page
from apps.blog.models import BlogIndexPage
from apps.blog.tests.factories import add_rich_post, know_about
blog = BlogIndexPage.objects.get()
size = (2600, 1800)
post = add_rich_post(blog, slug="looked-at", title="Looked at", date=date(2030, 1, 1), picture_size=size)
add_rich_post(blog, slug="the-next", title="The next", date=date(2030, 1, 2), picture_size=size)
species = post.species.all()[0]
know_about(species, image=post.featured_image)
"""
# What a phone on a slow line may be asked to load: everything, over the wire, pictures apart.
BYTES_MAX, REQUESTS_MAX, PICTURE_BYTES_MAX = 60_000, 12, 300_000
WATCH = """
window.shift = 0;
new PerformanceObserver(list => list.getEntries().forEach(each => {
  if (!each.hadRecentInput) window.shift += each.value; })).observe({type: "layout-shift", buffered: true});
"""
LOADED = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const parts = performance.getEntriesByType("resource");
  const isPicture = each => each.initiatorType === "img";
  const size = list => list.reduce((sum, each) => sum + each.encodedBodySize, 0);
  return { requests: 1 + parts.length, pictures: size(parts.filter(isPicture)),
           rest: page.encodedBodySize + size(parts.filter(each => !isPicture(each))) };
}"""
MANY_H1 = "document.querySelectorAll('h1').length"


@pytest.fixture(scope="module")
def _content(product):
    product.manage("shell", "-v0", "-c", CONTENT)


@pytest.fixture
def visit(browser, product, _content):
    someone = Visit.start(browser, product.servers[0].url)
    yield someone
    someone.context.close()


def addresses(visit):
    """Every kind of page there is, by the links that lead there."""
    found = ["/blog/", "/blog/looked-at/", "/blog/plants/"]
    visit.page.goto(f"{visit.url}/blog/looked-at/")
    for link in ("a[rel=author]", ".plants a", "a[rel=tag]", ".subjects a:not([rel])", ".series a"):
        links = visit.page.locator(link)
        if links.count():
            found.append(links.first.get_attribute("href"))
    return found


def test_every_kind_of_page_is_good_for_everybody(visit):
    kinds = addresses(visit)
    assert len(kinds) >= 7, kinds
    for path in kinds:
        visit.page.goto(f"{visit.url}{path}")
        visit.page.wait_for_load_state("networkidle")
        require_accessible(visit.page, path)
        assert visit.page.evaluate(MANY_H1) == 1
    visit.require_clean()  # data for search engines is no script: the policy stops none of it


@pytest.mark.parametrize("path", ["/blog/", "/blog/looked-at/"])
def test_a_page_is_light_and_does_not_jump(visit, path):
    visit.context.add_init_script(WATCH)
    visit.page.set_viewport_size({"width": 360, "height": 800})
    visit.page.goto(f"{visit.url}{path}")
    visit.page.wait_for_load_state("networkidle")

    loaded = visit.page.evaluate(LOADED)
    assert loaded["rest"] <= BYTES_MAX, loaded
    assert loaded["requests"] <= REQUESTS_MAX, loaded
    assert loaded["pictures"] <= PICTURE_BYTES_MAX, loaded
    assert visit.page.evaluate("window.shift") < 0.01
    first = visit.page.locator("main img").first
    assert first.get_attribute("loading") is None  # what people wait for is not put off
    assert first.get_attribute("fetchpriority") == "high"


@pytest.mark.usefixtures("_content")
def test_everything_can_be_read_without_a_script(browser, product):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{product.servers[0].url}/blog/")
    page.get_by_role("link", name="Looked at").click()

    assert page.locator("h1").inner_text() == "Looked at"
    documents = page.locator("script[type='application/ld+json']").all_text_contents()
    assert {json.loads(each)["@type"] for each in documents} == {"BlogPosting", "BreadcrumbList"}
    assert page.locator("article p").first.is_visible()
    context.close()


def test_the_pages_that_links_in_mails_lead_to_look_like_the_site(visit):
    for path in ("password/reset/page/?key=x", "email/confirm/?key=x"):
        visit.page.goto(f"{visit.url}/api/v1/auth/{path}")
        visit.page.wait_for_load_state("networkidle")
        require_good_for_everybody(visit, path)
    visit.require_clean()
