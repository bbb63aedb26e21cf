"""A post on its way from an author's desk to its readers, as the people on the way see it."""

from datetime import UTC, datetime, timedelta

import pytest
import requests
from playwright.sync_api import Page, expect

from apps.plant_identification.tests.conftest import make_photo
from tests.browser.driving import Visit

pytestmark = pytest.mark.timeout(180)

PASSWORD = "moss-and-lichen-42"
TITLE = "An orchid with a short name"
PATH = "/blog/an-orchid-with-a-short-name/"
PREPARE = f"""
from django.contrib.auth.models import Group
from apps.plant_identification.tests.factories import SpeciesFactory
from apps.users.tests.factories import UserFactory
SpeciesFactory(canonical_name="Aa paleacea", family="Orchidaceae", common_names={{"en": ["Chaffy orchid"]}})
for name, role in (("ada", "Author"), ("mo", "Moderator")):
    user = UserFactory(username=name, email=name + "@example.org", password={PASSWORD!r})
    user.groups.add(Group.objects.get(name=role))
"""
LET_ITS_TIME_COME = """
from datetime import timedelta
from django.utils import timezone
from wagtail.models import Page, Revision
from apps.blog.tasks import publish_scheduled_task
past = timezone.now() - timedelta(minutes=1)
revision = Revision.objects.get(approved_go_live_at__isnull=False)
revision.content["go_live_at"] = past.isoformat()
revision.approved_go_live_at = past
revision.save()
Page.objects.filter(pk=revision.object_id).update(go_live_at=past)
publish_scheduled_task()
"""


@pytest.fixture(scope="module")
def site(product):
    product.manage("shell", "-v0", "-c", PREPARE)
    return product.servers[0]


@pytest.fixture
def sign_in(browser, site):
    visits = []

    def sign_in_as(name):
        visit = Visit.start(browser, site.url)
        visits.append(visit)
        visit.page.goto(f"{site.url}/cms/")
        visit.page.fill("#id_username", name)
        visit.page.fill("#id_password", PASSWORD)
        visit.page.locator("[type=submit]").first.click()
        visit.page.wait_for_url("**/cms/")
        return visit.page

    yield sign_in_as
    for visit in visits:
        visit.require_clean()
        visit.context.close()


def test_a_post_goes_from_its_author_to_its_readers(sign_in, site, product):
    author = sign_in("ada")
    write_post(author)
    see_preview(author)
    hand_over(author)

    moderator = sign_in("mo")
    approve_for_tomorrow(moderator)
    assert requests.get(site.url + PATH, timeout=10).status_code == 404

    product.manage("shell", "-v0", "-c", LET_ITS_TIME_COME)
    require_found_by_readers(site.url)
    require_readable(moderator, site.url)


def write_post(page: Page) -> None:
    blog = page.request.get(f"{site_of(page)}/api/v2/pages/?type=blog.BlogIndexPage").json()["items"][0]["id"]
    page.goto(f"{site_of(page)}/cms/pages/{blog}/add_subpage/")
    page.get_by_role("link", name="Blog post").first.click()
    page.fill("#id_title", TITLE)
    page.fill("#id_intro", "Two letters are enough for a genus.")
    add_block(page, "Plant spotlight")
    page.get_by_role("button", name="Choose plant species").first.click()
    page.get_by_role("link", name="Aa paleacea").click()
    expect(page.get_by_role("link", name="Aa paleacea")).to_be_hidden()
    add_block(page, "Image")
    upload_image(page)
    page.locator("[name=body-1-value-alt_text]").fill("An orchid among grass")
    page.locator("[name=body-1-value-credit]").fill("Ada, CC0 1.0")
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url("**/edit/")


def site_of(page: Page) -> str:
    return page.url.partition("/cms/")[0]


def add_block(page: Page, name: str) -> None:
    page.get_by_role("button", name="Insert a block").last.click()
    page.get_by_role("option", name=name, exact=True).click()


def upload_image(page: Page) -> None:
    page.locator("[id*=body-1]").get_by_role("button", name="Choose an image").first.click()
    page.get_by_role("tab", name="Upload").click()
    photo = {"name": "orchid.jpg", "mimeType": "image/jpeg", "buffer": make_photo("an orchid")}
    page.set_input_files("[name=image-chooser-upload-file]", photo)
    page.fill("[name=image-chooser-upload-title]", "Orchid")
    page.locator(".modal-body").get_by_role("button", name="Upload").click()
    expect(page.locator(".modal-body")).to_be_hidden()


def see_preview(page: Page) -> None:
    page.get_by_role("button", name="Toggle preview").click()
    shown = page.frame_locator("#w-preview-iframe")
    expect(shown.get_by_role("heading", name="Chaffy orchid")).to_be_visible()
    expect(shown.get_by_role("img", name="An orchid among grass")).to_be_attached()


def open_actions(page: Page) -> None:
    page.locator("footer [data-w-dropdown-target=toggle]").first.click()


def hand_over(page: Page) -> None:
    open_actions(page)
    expect(page.get_by_role("button", name="Publish", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Submit to Moderation").click()
    expect(page.get_by_text("has been submitted for moderation")).to_be_visible()


def approve_for_tomorrow(page: Page) -> None:
    page.get_by_role("link", name=TITLE).first.click()
    page.wait_for_url("**/edit/**")
    page.get_by_role("button", name="Toggle status").click()
    page.get_by_role("button", name="Set schedule").click()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    page.fill("#id_go_live_at", f"{tomorrow:%Y-%m-%d %H:%M}")
    page.get_by_role("button", name="Save schedule").press("Enter")  # the calendar lies over it
    page.wait_for_load_state("networkidle")
    open_actions(page)
    page.get_by_role("button", name="Approve and Publish").click()
    page.wait_for_url("**/cms/pages/*/")


def require_found_by_readers(url: str) -> None:
    def read(path: str) -> requests.Response:
        response = requests.get(url + path, timeout=10)
        response.raise_for_status()
        return response

    for path in ("/blog/", "/feeds/posts.rss", "/feeds/posts.atom"):
        assert TITLE in read(path).text
    assert PATH in read("/sitemap.xml").text
    for word in ("orchid", "paleacea"):  # the second stands in the spotlight alone
        found = read(f"/api/v2/blog-posts/?search={word}").json()["items"]
        assert [item["title"] for item in found] == [TITLE]
    told = read(f"/api/v2/blog-posts/{found[0]['id']}/").json()["body"]
    assert [block["type"] for block in told] == ["plant_spotlight", "image"]
    assert told[0]["value"]["species"]["scientific_name"] == "Aa paleacea"


def require_readable(page: Page, url: str) -> None:
    page.goto(url + PATH)
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    expect(page.get_by_role("heading", name="Chaffy orchid")).to_be_visible()
    picture = page.get_by_role("img", name="An orchid among grass")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("image => image.naturalWidth") > 0
