"""From a photo to its answer, in a real browser."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.driving import Visit, photo_file

pytestmark = pytest.mark.timeout(120)

ALOE = {"outcome": "agree", "species": "Aloe vera", "confidence": 0.97}
DROP = """([name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/jpeg" }));
  document.querySelector(".drop").dispatchEvent(
    new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def test_a_chosen_photo_gets_a_name_with_what_each_service_says(visit, product):
    product.sandbox.fault("both", "outcome", ALOE)
    visit.identify("aloe")

    assert visit.heading == "Aloe Vera"
    visit.expect_text("Aloe vera", "Very likely", "Plant.id and Pl@ntNet agree.", "Species")
    visit.expect_text("Sandbox.", "About this plant", "Does it look like these?", "Care", "Health")
    visit.expect_text("No information is not safety.")
    assert (
        visit.page.get_by_role("meter", name="Confidence").get_attribute("aria-valuetext").endswith("likely")
    )
    assert visit.page.get_by_role("meter", name="Pl@ntNet").count() == 1
    assert visit.page.get_by_alt_text("Your photo").is_visible()
    assert visit.page.title().startswith("Aloe Vera")
    assert visit.page.evaluate("document.activeElement.id") == "answer-heading"
    captions = visit.page.locator(".pictures figcaption")
    assert captions.count() == visit.page.locator(".pictures img").count() > 0
    assert visit.page.locator(".pictures img:not([alt]), .pictures img[alt='']").count() == 0


def test_everything_can_be_done_with_the_keyboard(visit):
    # From the start on: a chooser that opens just after somebody begins to listen is not heard.
    visit.page.on("filechooser", lambda chooser: chooser.set_files([photo_file("keys")]))
    keyboard = visit.page.keyboard
    focused = "document.activeElement.id"
    for _ in range(12):
        keyboard.press("Tab")
        if visit.page.evaluate(focused) == "choose":
            break
    assert visit.page.evaluate(focused) == "choose"
    keyboard.press("Enter")
    expect(visit.page.locator("#photos img")).to_be_visible()
    assert visit.page.evaluate(focused) == "identify"
    keyboard.press("Enter")
    visit.expect_answer()
    assert visit.page.evaluate(focused) == "answer-heading"


def test_several_photos_go_with_their_organs(visit, product):
    visit.choose([photo_file("leaf"), photo_file("flower")])
    visit.page.get_by_label("Photo 2 shows").select_option("flower")
    visit.press("Identify from 2 photos")
    visit.expect_answer()

    seen = product.sandbox.last("plantnet")
    assert [value for name, value in seen["fields"] if name == "organs"] == ["auto", "flower"]
    assert len(seen["images"]) == 2
    assert visit.page.get_by_alt_text("Your photo").count() == 2


def test_a_dropped_photo_is_taken_and_a_removed_one_is_forgotten(visit):
    photo = photo_file("dropped")
    visit.page.evaluate(DROP, [photo["name"], list(photo["buffer"])])
    expect(visit.page.locator("#photos li")).to_have_count(1)

    visit.press("Remove photo 1")
    expect(visit.page.locator("#photos")).to_be_hidden()
    expect(visit.page.locator("#identify")).to_be_disabled()


def test_the_same_photo_again_says_that_it_was_answered_before(visit, product):
    visit.identify("twice")
    visit.page.get_by_role("link", name="Identify another plant").click()
    visit.identify("twice")

    visit.expect_text("From an earlier answer")
    assert product.sandbox.counters("plant_id")["identify_posts"] == 1


def test_recent_identifications_survive_a_reload_and_lead_to_their_answers(visit):
    visit.identify("history")
    name, address = visit.heading, visit.page.url
    visit.open("?reloaded")
    entry = visit.page.locator("#history").get_by_role("link", name=name)
    entry.click()
    visit.expect_answer()
    assert visit.heading == name
    assert urlsplit(visit.page.url).fragment == urlsplit(address).fragment
    expect(visit.page.get_by_alt_text("Your photo")).to_be_visible()  # as the server keeps it

    visit.page.go_back()
    expect(visit.page.locator("#compose-view")).to_be_visible()
    expect(visit.page.locator("#answer-view")).to_be_hidden()
    visit.page.go_forward()
    visit.expect_answer()
    visit.page.goto(address)
    visit.page.reload()
    visit.expect_answer()
    assert visit.heading == name


def test_what_is_no_plant_is_said_with_advice(visit, product):
    product.sandbox.fault("both", "not_a_plant")
    visit.identify("no plant")

    assert visit.heading == "No plant found"
    visit.expect_text("How to take a better photo", "No plant was recognised")


def test_illness_comes_with_what_helps(visit, product):
    product.sandbox.fault("both", "outcome", {"outcome": "ill", "species": "Aloe vera"})
    visit.identify("ill")

    visit.expect_text("It does not look healthy", "Look closely", "What it may be")
    visit.page.eval_on_selector_all(".diseases details", "all => all.forEach(each => { each.open = true; })")
    visit.expect_text("Without chemicals", "So that it does not come back")


def test_the_answer_can_be_judged_deleted_and_brought_back(visit):
    visit.identify("judged")
    name = visit.heading
    visit.press("It is another plant")
    visit.page.get_by_label("Its scientific name").fill("Aloe vera")
    visit.press("Tell us")
    visit.expect_text("Thank you, this is noted.")
    visit.page.reload()
    visit.expect_text("You said: it is Aloe vera.")
    visit.press("Yes, it is")
    visit.expect_text("You said: yes, it is.")
    visit.page.reload()
    expect(visit.page.get_by_role("button", name="Yes, it is", pressed=True)).to_be_visible()
    expect(visit.page.get_by_role("button", name="No", exact=True, pressed=False)).to_be_visible()

    visit.press("Delete")
    visit.expect_text("Deleted.", "Nothing yet.")
    visit.press("Undo")
    visit.expect_text("It is back.")
    visit.page.locator("#history").get_by_role("link", name=name).click()
    visit.expect_answer()


def test_the_answer_is_in_the_language_that_was_chosen(visit):
    visit.page.get_by_label("Answer in").select_option("de")
    visit.identify("language")

    visit.page.reload()
    visit.expect_answer()
    assert visit.page.locator(".summary").get_attribute("lang") == "de"
    assert visit.page.locator("#language").input_value() == "de"


def test_the_pages_own_words_and_those_of_the_api_are_in_one_language(browser, product):
    visit = Visit.start(browser, product.servers[0].url, locale="de-DE")
    visit.open()
    visit.press("Sign in")
    visit.page.get_by_label("E-mail address").first.fill("nobody@example.org")
    visit.page.get_by_label("Password").first.fill("wrong-password")
    visit.page.locator("#sign-in-form [type=submit]").click()

    expect(visit.page.locator("#sign-in-said")).to_contain_text("password")
    visit.context.close()
