"""Signing in with Google on the page at the front door, in a browser that the sandbox says yes to."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.driving import Visit
from tests.fleet import Fleet, Server


@pytest.fixture
def visit_with_google(
    browser: Browser, product: Fleet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visit]:
    product.reset()
    server = Server(env={}, log=tmp_path_factory.mktemp("google") / "web.log")
    server.env = {
        **product.env,
        "SITE_URL": server.url,
        "GOOGLE_OAUTH_ISSUER": product.sandbox.google_url,
        "GOOGLE_OAUTH_CLIENT_ID": "sandbox",
        "GOOGLE_OAUTH_CLIENT_SECRET": "sandbox",
    }
    server.start()
    someone = Visit.start(browser, server.url)
    someone.open()
    yield someone
    someone.require_clean()
    someone.context.close()
    server.kill()
    product.reset()


def test_the_page_signs_in_with_google_and_keeps_no_code_in_its_address(
    visit_with_google: Visit, product: Fleet
) -> None:
    page = visit_with_google.page
    visit_with_google.press("Sign in")
    page.get_by_role("link", name="Continue with Google").click()

    expect(page.locator("#account-name")).to_have_text("rosa@gmail.com")
    assert page.url == f"{visit_with_google.url}/"

    visit_with_google.press("Sign out")
    product.sandbox.order_google(person={"sub": "108000000000000000009"})
    visit_with_google.press("Sign in")
    page.get_by_role("link", name="Continue with Google").click()
    expect(page.locator("#sign-in-said")).to_contain_text("cannot be opened with this Google account")


def test_without_google_there_is_no_button(visit: Visit) -> None:
    visit.press("Sign in")
    expect(visit.page.locator("#sign-in-form")).to_be_visible()
    expect(visit.page.get_by_role("link", name="Continue with Google")).to_have_count(0)
