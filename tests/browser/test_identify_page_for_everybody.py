"""The page on a phone and on a desk, by day and by night, for people who see it and people who hear it."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.driving import photo_file

pytestmark = pytest.mark.timeout(180)

WIDTHS = (360, 1280)
SCHEMES = ("light", "dark")
TARGET_MIN_PX = 44
# Controls that a finger has to meet. A link within a sentence is as high as its line.
SMALL_TARGETS = """least => [...document.querySelectorAll(
    "button, select, summary, input:not([type=checkbox], [type=file]), label:has(> input), .button, nav a")]
  .filter(each => each.checkVisibility())
  .map(each => [each.textContent.trim().slice(0, 40), Math.round(each.getBoundingClientRect().height)])
  .filter(([, height]) => height < least)"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def require_good_for_everybody(visit, state):
    for width in WIDTHS:
        visit.page.set_viewport_size({"width": width, "height": 900})
        assert visit.page.evaluate(SMALL_TARGETS, TARGET_MIN_PX) == [], f"{state} at {width} px"
    require_accessible(visit.page, state)


def require_accessible(page, state):
    """At each width, by day and by night, in the page as it stands."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(OVERFLOW) == 0, f"{state} at {width} px is wider than the window"
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            # Colours apart, night is as day.
            options = {"runOnly": ["color-contrast"]} if scheme == "dark" else None
            found = Axe().run(page, options=options).response["violations"]
            told = [(each["id"], each["nodes"][0]["html"][:200]) for each in found]
            assert told == [], f"{state} at {width} px, {scheme}"


def test_before_and_while_sending(visit, product):
    require_good_for_everybody(visit, "nothing chosen")
    visit.choose([photo_file("first"), {"name": "empty.jpg", "mimeType": "image/jpeg", "buffer": b""}])
    visit.press("Identify")
    expect(visit.page.locator("#problem h2")).to_be_visible()
    require_good_for_everybody(visit, "a photo that cannot be sent")

    visit.press("Remove photo 2")
    product.sandbox.hold("both")
    visit.press("Identify")
    visit.expect_text("Asking Plant.id and Pl@ntNet")
    require_good_for_everybody(visit, "waiting")
    product.sandbox.release("both")
    visit.expect_answer()


def test_an_answer_with_all_its_parts_open(visit, product):
    product.sandbox.fault(
        "both", "outcome", {"outcome": "ill", "species": "Mangifera indica", "confidence": 0.97}
    )
    visit.identify("everything")
    visit.page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true; })")
    visit.press("It is another plant")
    require_good_for_everybody(visit, "an answer")


def test_an_answer_that_names_nothing(visit, product):
    product.sandbox.fault("both", "not_a_plant")
    visit.identify("nothing")
    require_good_for_everybody(visit, "no plant")


def test_what_is_said_when_something_is_missing(visit, product):
    product.sandbox.fault("plant_id", "status", 500)
    visit.identify("half")
    require_good_for_everybody(visit, "half an answer")

    product.sandbox.fault("both", "status", 503)
    visit.open()
    visit.choose([photo_file("queued for everybody")])
    visit.press("Identify")
    visit.expect_answer()
    require_good_for_everybody(visit, "a place in the queue")

    visit.page.goto(f"{visit.url}/")
    visit.choose([photo_file("too many")])
    visit.page.route("**/identify/", refuse_as_too_many)
    visit.press("Identify")
    expect(visit.page.locator("#problem h2")).to_be_focused()
    require_good_for_everybody(visit, "too many")


def refuse_as_too_many(route):
    detail = "Request was throttled. Expected available in 1755 seconds."
    problem = {"title": "Too many requests", "code": "throttled", "detail": detail, "errors": []}
    headers = {"Retry-After": "1755", "Content-Type": "application/problem+json"}
    route.fulfill(status=429, headers=headers, body=json.dumps(problem))


def test_signing_in_and_up(visit):
    visit.press("Sign in")
    expect(visit.page.locator("#login")).to_be_focused()
    require_good_for_everybody(visit, "signing in")
    visit.press("Create one")
    expect(visit.page.locator("#email")).to_be_focused()
    require_good_for_everybody(visit, "signing up")
    visit.page.keyboard.press("Escape")
    expect(visit.page.locator("#account-button")).to_be_focused()
