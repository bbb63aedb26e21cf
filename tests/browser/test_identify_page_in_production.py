"""With production's settings: hashed modules, secure cookies, and nobody identifies without signing in."""

import re
import secrets

import pytest
import requests
from playwright.sync_api import expect

from devstack.processes import free_port
from tests.browser.driving import Visit, photo_file
from tests.fleet import Server, collect_static

pytestmark = pytest.mark.timeout(120)

EMAIL, PASSWORD = "fern@example.org", "moss-and-lichen-42"
MAKE_ACCOUNT = (
    "from apps.users.tests.factories import UserFactory;"
    f"UserFactory(username='fern', email={EMAIL!r}, password={PASSWORD!r})"
)
IDENTIFICATIONS_AN_HOUR = 2


@pytest.fixture(scope="module")
def production(product, tmp_path_factory):
    directory = tmp_path_factory.mktemp("production")
    server = Server(
        env=production_environment(product, directory), log=directory / "web.log", port=free_port()
    )
    collect_static(server.env)
    product.manage("shell", "-v0", "-c", MAKE_ACCOUNT)
    server.start()
    yield server
    server.kill()


def production_environment(product, directory):
    return {
        **product.env,
        "DJANGO_SETTINGS_MODULE": "plant_community_backend.settings.production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "JWT_SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "SITE_URL": "http://127.0.0.1",
        "EMAIL_URL": "dummymail://",
        "STATIC_ROOT": str(directory / "static"),
        "SECURE_SSL_REDIRECT": "0",
        "SECURE_HSTS_SECONDS": "0",
        "IDENTIFY_RATE_FREE": str(IDENTIFICATIONS_AN_HOUR),
    }


@pytest.fixture
def visit(browser, product, production):
    product.reset()
    # Browsers take Secure cookies of `localhost` without https.
    someone = Visit.start(browser, f"http://localhost:{production.port}")
    someone.open()
    yield someone
    someone.require_clean()
    someone.context.close()


def test_every_module_is_loaded_by_its_hashed_name(visit, production):
    loaded = visit.page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    modules = [name for name in loaded if name.endswith(".js")]

    assert len(modules) > 20
    assert [
        name for name in modules if not re.search(r"/static/identify/[a-z]+\.[0-9a-f]{12}\.js$", name)
    ] == []
    headers = requests.get(modules[0].replace("localhost", "127.0.0.1"), timeout=5).headers
    assert "immutable" in headers["Cache-Control"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_who_is_not_signed_in_signs_in_and_the_photo_is_still_there(visit, product):
    visit.choose([photo_file("production")])
    visit.press("Identify")
    expect(visit.page.locator("#account")).to_be_visible()
    visit.page.get_by_label("E-mail address").filter(visible=True).fill(EMAIL)
    visit.page.get_by_label("Password").filter(visible=True).fill("wrong")
    visit.page.locator("#sign-in-form [type=submit]").click()
    expect(visit.page.locator("#sign-in-said")).not_to_be_empty()
    visit.page.get_by_label("Password").filter(visible=True).fill(PASSWORD)
    visit.page.locator("#sign-in-form [type=submit]").click()
    visit.expect_answer()
    name = visit.page.locator(".latin i").inner_text()

    visit.page.reload()
    visit.expect_answer()
    expect(visit.page.locator("#account-name")).to_have_text(EMAIL)
    expect(visit.page.locator("#history").get_by_role("link", name=name)).to_be_visible()

    visit.page.get_by_role("link", name="Identify another plant").click()
    visit.identify("second")
    visit.page.get_by_role("link", name="Identify another plant").click()
    visit.choose([photo_file("third")])
    visit.press("Identify")
    expect(visit.page.locator(".countdown")).to_contain_text("Please wait")
    expect(visit.page.get_by_role("button", name="Try again")).to_be_disabled()
    expect(visit.page.locator("#photos img")).to_be_visible()

    visit.page.locator("#history").get_by_role("link", name=name).first.click()
    visit.expect_answer()
    visit.press("Sign out")
    expect(visit.page.locator("#answer-view")).to_be_hidden()
    visit.expect_text("Nothing yet.")
    visit.page.go_back()
    visit.expect_text("This identification is not here")


def test_whoever_signs_up_is_told_to_look_into_their_mail(visit):
    visit.press("Sign in")
    visit.press("Create one")
    visit.page.get_by_label("E-mail address").filter(visible=True).fill("moss@example.org")
    visit.page.get_by_label("Password").filter(visible=True).fill(PASSWORD)
    visit.press("Create the account")
    expect(visit.page.locator("#sign-up-said")).to_contain_text("mail")
