"""Signing in with a second factor, and asking for a new password, in a browser."""

from collections.abc import Iterator

import pyotp
import pytest
import requests
from playwright.sync_api import expect

from apps.blog.management.commands.load_demo import DEMO_EDITOR, DEMO_PASSWORD
from tests.browser.driving import Visit
from tests.fleet import Fleet


@pytest.fixture
def recovery_codes(product: Fleet) -> Iterator[list[str]]:
    """The demo account has a second factor, as long as the test lasts."""
    auth = f"{product.servers[0].url}/api/v1/auth/"
    sign_in = {"login": DEMO_EDITOR, "password": DEMO_PASSWORD}
    tokens = requests.post(f"{auth}token/", json=sign_in, timeout=10).json()
    headers = {"Authorization": f"Bearer {tokens['access']}"}

    def send(path: str, **body: str) -> requests.Response:
        return requests.post(f"{auth}mfa/{path}", json=body, headers=headers, timeout=10)

    app = pyotp.TOTP(send("totp/", password=DEMO_PASSWORD).json()["secret"])
    yield send("totp/confirm/", code=app.now()).json()["recovery_codes"]
    assert send("totp/remove/", password=DEMO_PASSWORD).status_code == 204


def test_the_page_asks_for_the_code_after_the_password(visit: Visit, recovery_codes: list[str]) -> None:
    page = visit.page
    visit.press("Sign in")
    expect(page.get_by_label("Code")).to_be_hidden()
    page.locator("#login").fill(DEMO_EDITOR)
    page.locator("#sign-in-password").fill(DEMO_PASSWORD)
    page.locator("#sign-in-form [type=submit]").click()
    expect(page.locator("#sign-in-said")).to_contain_text("authenticator app")
    expect(page.get_by_label("Code")).to_be_focused()

    page.get_by_label("Code").fill("000000")
    page.locator("#sign-in-form [type=submit]").click()
    expect(page.locator("#sign-in-said")).to_contain_text("not right")
    page.get_by_label("Code").fill(recovery_codes[0])
    page.locator("#sign-in-form [type=submit]").click()

    expect(page.locator("#signed-in")).to_be_visible()


def test_a_forgotten_password_is_asked_for_by_mail(visit: Visit) -> None:
    visit.press("Sign in")
    visit.press("Forgotten your password?")
    expect(visit.page.locator("#sign-in-said")).not_to_be_empty()
    visit.page.locator("#login").fill("nobody@example.org")
    visit.press("Forgotten your password?")
    expect(visit.page.locator("#sign-in-said")).to_contain_text("on its way")
