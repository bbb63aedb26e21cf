"""`/ops/` in a browser while a service fails and recovers, Redis goes and comes back, somebody signs out."""

import re

import pytest
import redis
from playwright.sync_api import expect

from apps.plant_identification.tests.conftest import make_photo
from devstack.processes import Child, free_port
from devstack.product import is_ready, socket_child
from tests.browser.driving import Visit
from tests.browser.test_identify_page_for_everybody import require_good_for_everybody
from tests.fleet import Server

pytestmark = pytest.mark.timeout(240)

PATIENCE_MS = 30_000
NAME, PASSWORD = "keeper", "moss-and-lichen-42"
MAKE_ACCOUNT = (
    "from apps.users.tests.factories import UserFactory;"
    f"UserFactory(username={NAME!r}, email={NAME!r} + '@example.org', password={PASSWORD!r}, is_staff=True)"
)


@pytest.fixture(scope="module")
def site(product, tmp_path_factory):
    """A web server and, on a port of its own, the process that holds the WebSockets."""
    directory = tmp_path_factory.mktemp("operations")
    port = free_port()
    product.manage("shell", "-v0", "-c", MAKE_ACCOUNT)
    web = Server(env={**product.env, "WEBSOCKET_PORT": str(port)}, log=directory / "web.log")
    sockets: Child = socket_child(env=product.env, log=directory / "sockets.log", port=port)
    try:
        sockets.start()
        web.start()
        sockets.wait_until(lambda: is_ready(port, "/livez"), timeout_s=60)
        yield web, sockets
    finally:
        sockets.kill()
        web.kill()


@pytest.fixture
def visit(browser, product, site):
    product.reset()
    with redis.Redis.from_url(product.redis.url) as client:
        client.flushall()
    someone = Visit.start(browser, site[0].url)
    page = someone.page
    page.goto(f"{someone.url}/ops/")
    page.fill("#id_username", NAME)
    page.fill("#id_password", PASSWORD)
    page.locator("[type=submit]").click()
    expect_connection(page, "live")
    yield someone
    someone.require_clean()
    someone.context.close()
    product.reset()


def expect_connection(page, state):
    expect(page.locator("#connection")).to_have_attribute("data-state", state, timeout=PATIENCE_MS)


def expect_state(page, provider, state):
    badge = page.locator(f"[data-circuit={provider}] .badge")
    expect(badge).to_have_attribute("data-state", state, timeout=PATIENCE_MS)


def press(page, provider, action, reason=""):
    page.locator(f"[data-circuit={provider}] [data-action={action}]").click()
    page.fill("#reason", reason)
    page.locator("#confirm-do").click()
    expect(page.locator("#confirm")).to_be_hidden(timeout=PATIENCE_MS)


def expect_figure(page, place, name, figure):
    shown = page.locator(f"{place} dt", has_text=re.compile(f"^{name}$")).locator("+ dd")
    expect(shown).to_have_text(figure, timeout=PATIENCE_MS)


def expect_notices(page, *levels):
    """The worst first."""
    classes = [re.compile(rf"\b{level}\b") for level in levels]
    expect(page.locator("#notices .notice")).to_have_class(classes, timeout=PATIENCE_MS)


def let_the_open_period_pass(product):
    with redis.Redis.from_url(product.redis.url) as client:
        client.hset("cb:{plant_id_api}", "retry_at", 1)


def test_a_failing_service_is_seen_with_its_countdown_and_seen_to_recover(visit, product, site):
    page, server = visit.page, site[0]
    require_good_for_everybody(visit, "all closed")
    product.sandbox.fault("plant_id", "status", 500)
    for number in range(3):
        server.identify(make_photo(f"ops failing {number}"))

    expect_state(page, "plant_id", "open")
    expect(page.locator("#announcement")).to_have_text("Plant.id: Open.")
    visit.expect_text("Plant.id does not work and is left alone.", "Plant.id: circuit opened")
    countdown = page.locator("[data-circuit=plant_id] .countdown")
    first = countdown.inner_text()
    assert re.fullmatch(r"1:00|0:[0-5]\d", first)
    assert first > "0:10"
    expect(countdown).not_to_have_text(first, timeout=PATIENCE_MS)
    press(page, "plantnet", "force-open")
    expect_notices(page, "bad", "warn", "warn")  # there are no workers here
    require_good_for_everybody(visit, "one open")

    product.sandbox.reset()
    let_the_open_period_pass(product)
    for number in range(2):
        server.identify(make_photo(f"ops trial {number}"))
    expect_state(page, "plant_id", "closed")
    visit.expect_text("Plant.id: circuit closed")
    happened = page.locator("#events strong").all_inner_texts()
    assert happened[0] == "Plant.id: circuit closed"
    assert "Plant.id: circuit opened" in happened[1:]


def test_a_service_is_switched_off_and_on_by_hand_with_the_keyboard(visit, product):
    page = visit.page
    button = page.locator("[data-circuit=plantnet] [data-action=force-open]")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect_state(page, "plantnet", "closed")

    page.keyboard.press("Enter")
    page.keyboard.type("their maintenance")
    page.keyboard.press("Enter")
    expect_state(page, "plantnet", "forced")
    visit.expect_text("PlantNet was switched off by hand.", "their maintenance", "Closed → Forced open")
    require_good_for_everybody(visit, "forced")

    press(page, "plantnet", "close")
    expect_state(page, "plantnet", "closed")


def test_the_figures_are_those_of_all_processes(visit, product, site):
    page, server = visit.page, site[0]
    server.kill()  # and with it what it has counted for other tests
    with redis.Redis.from_url(product.redis.url) as client:
        client.flushall()
        client.rpush("slow", "task", "task")
    server.start()
    photo = make_photo("ops figures")
    for _ in range(3):
        server.identify(photo)

    for place, name, figure in (
        ("#identified", "Complete", "3"),
        ("#identified", "No answer", "0"),
        ("#cache", "Same photo", "2"),
        ("#cache", "New photo", "1"),
        ("#cache", "From the cache", "67 %"),
        ("#locks", "Waited", "0"),
        ("#locks", "On average", "–"),
        ("#queues", "Tasks, slow", "2"),
        ("#queues", "Tasks, fast", "0"),
        ("[data-circuit=plant_id]", "Failures in a row", "0 of 3"),
        ("[data-circuit=plantnet]", "Daily quota", re.compile(r"^[\d,]+ of 1,000,000 \(0 %\)$")),
    ):
        expect_figure(page, place, name, figure)


def test_without_redis_the_page_says_so_and_goes_on_by_itself(visit, product):
    page = visit.page
    product.redis.stop()
    try:
        visit.expect_text("Redis is gone.", "what this process saw")
        expect_state(page, "plant_id", "unknown")
        expect(page.locator("[data-circuit=plant_id] [data-action=force-open]")).to_be_disabled()
        require_good_for_everybody(visit, "no Redis")
    finally:
        product.redis.start()
    expect_state(page, "plant_id", "closed")
    visit.expect_text("Redis is back")


def test_without_its_socket_the_page_asks_and_without_a_server_it_says_since_when(visit, site):
    page, (server, sockets) = visit.page, site
    sockets.kill()
    expect_connection(page, "polling")
    server.kill()
    expect_connection(page, "lost")
    visit.expect_text("Not live since")
    server.start()
    sockets.start()
    expect_connection(page, "live")


def test_signing_out_in_another_window_ends_this_one(visit):
    other = visit.context.new_page()
    other.goto(f"{visit.url}/ops/")
    other.get_by_role("button", name="Sign out").click()

    expect_connection(visit.page, "signed-out")
    expect(visit.page.get_by_role("link", name="Sign in again")).to_be_visible()
