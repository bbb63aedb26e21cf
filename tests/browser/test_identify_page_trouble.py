"""What the page says when something goes wrong, and that no photo has to be chosen twice."""

import json

import pytest
import redis
import requests
from playwright.sync_api import expect

from tests.browser.driving import photo_file

pytestmark = pytest.mark.timeout(120)

SURE = {"outcome": "agree", "species": "Aloe vera", "confidence": 0.97}
HOSTILE = '<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script>'
ANSWER_QUEUED = "from apps.plant_identification.tasks import answer_queued; answer_queued()"


def test_one_service_alone_is_said_to_be_alone(visit, product):
    product.sandbox.fault("plant_id", "status", 500)
    visit.identify("partial")

    visit.expect_text("Only part of the answer", "Only Pl@ntNet has answered", "failed this time")


def test_a_late_service_completes_the_answer_on_the_page(visit, product):
    product.sandbox.fault("plant_id", "outcome", SURE)
    product.sandbox.fault("plantnet", "outcome", SURE)
    product.sandbox.fault("plantnet", "latency", 4)
    visit.identify("late")

    visit.expect_text("Waiting for Pl@ntNet", "Plant.id and Pl@ntNet agree.")
    expect(visit.page.get_by_text("Waiting for Pl@ntNet")).to_be_hidden()


def test_a_queued_photo_is_answered_on_the_page_when_a_service_is_back(visit, product):
    product.sandbox.fault("both", "status", 503)
    visit.choose([photo_file("queued")])
    visit.press("Identify")
    visit.expect_answer()
    assert visit.heading == "In the queue"

    product.sandbox.clear_faults()
    with redis.Redis.from_url(product.redis.url) as client:
        client.flushdb()  # who asks next shares a failure for some seconds; these are not waited for
    product.manage("shell", "-v0", "-c", ANSWER_QUEUED)
    expect(visit.page.locator("#answer-heading")).not_to_have_text("In the queue", timeout=20_000)
    visit.expect_text("Where this comes from")


def test_without_the_database_the_wait_is_told_and_the_photo_is_sent_again(visit, product):
    visit.choose([photo_file("database")])
    product.postgres.stop()
    try:
        visit.press("Identify")
        expect(visit.page.locator("#problem h2")).to_be_focused(timeout=20_000)
        expect(visit.page.locator(".countdown")).to_contain_text("Please wait")
    finally:
        product.postgres.start()
    expect(visit.page.locator(".countdown")).to_have_text("You can try again now.", timeout=15_000)
    visit.press("Try again")
    visit.expect_answer()


def test_offline_is_said_and_the_photo_is_still_there(visit):
    visit.choose([photo_file("offline")])
    visit.context.set_offline(True)
    visit.press("Identify")
    visit.expect_text("You seem to be offline.")
    expect(visit.page.locator("#photos img")).to_be_visible()

    visit.context.set_offline(False)
    visit.press("Try again")
    visit.expect_answer()


def test_a_refused_photo_is_told_beside_it(visit):
    broken = {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"this is no photo at all"}
    visit.choose([photo_file("good"), broken])
    visit.press("Identify")
    expect(visit.page.locator("#problem h2")).to_be_visible()

    faulty = visit.page.locator(".photo.is-faulty")
    expect(faulty).to_have_count(1)
    expect(faulty).to_contain_text("Photo 2")
    expect(faulty).to_contain_text("not a photo")
    visit.press("Remove photo 2")
    visit.press("Identify")
    visit.expect_answer()


def test_a_photo_that_is_too_large_is_told_before_it_is_sent(visit, product, tmp_path):
    large = tmp_path / "large.jpg"
    large.write_bytes(b"0" * (10 * 1024 * 1024 + 1))
    visit.page.set_input_files("#choose-input", large)
    visit.expect_text("at most 10.0 MB can be sent")
    visit.press("Identify")
    visit.expect_text("One of the photos cannot be sent.")
    assert product.sandbox.counters("plant_id")["identify_posts"] == 0


def test_waiting_is_shown_and_can_be_cancelled(visit, product):
    product.sandbox.hold("both")
    visit.choose([photo_file("cancelled")])
    visit.press("Identify")
    visit.expect_text("Asking Plant.id and Pl@ntNet", "1 s")
    assert visit.page.get_by_role("progressbar").is_visible()
    visit.press("Cancel")
    expect(visit.page.locator("#progress")).to_be_hidden()
    expect(visit.page.locator("#problem")).to_be_hidden()
    expect(visit.page.locator("#identify")).to_be_focused()
    product.sandbox.release("both")
    visit.press("Identify")
    visit.expect_answer()


def test_what_a_service_writes_stays_text(visit, product):
    product.sandbox.fault("plant_id", "junk_json", hostile_reply(product))
    product.sandbox.fault("plantnet", "status", 500)
    visit.identify("hostile")

    assert visit.page.evaluate("window.hacked") is None
    assert HOSTILE in visit.page.locator("#answer").inner_text()
    assert visit.page.locator("#answer :is(script, iframe), [onerror]").count() == 0
    addresses = visit.page.eval_on_selector_all("#answer a", "links => links.map(({ href }) => href)")
    assert [address for address in addresses if not address.startswith(("http://", "https://"))] == []


def hostile_reply(product):
    """What Plant.id would say if somebody had got into its texts."""
    reply = requests.post(
        f"{product.sandbox.plant_id_url}/identification",
        params={"details": "common_names,url,description,image,watering,best_watering"},
        headers={"Api-Key": "sandbox"},
        files={"image": ("photo.jpg", photo_file("reply")["buffer"], "image/jpeg")},
        data={"similar_images": "true"},
        timeout=10,
    ).json()
    for suggestion in reply["result"]["classification"]["suggestions"]:
        details = suggestion["details"]
        details["common_names"] = [HOSTILE]
        details["url"] = "javascript:window.hacked=1"
        details["description"] = {
            "value": HOSTILE,
            "citation": "javascript:window.hacked=1",
            "license_name": HOSTILE,
            "license_url": "data:text/html,x",
        }
        for image in suggestion.get("similar_images", []):
            image["license_url"] = "javascript:window.hacked=1"
            image["citation"] = HOSTILE
            image["license_name"] = "x"
    return {"status": 201, "body": json.dumps(reply)}
