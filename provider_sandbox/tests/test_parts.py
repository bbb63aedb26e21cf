"""What is easier to see without a server: quotas over time, forms, pictures, the bounded stores."""

import dataclasses
import datetime as dt
import io

import pytest
from PIL import Image

from provider_sandbox import traffic
from provider_sandbox.catalogue import load_catalogue
from provider_sandbox.ledger import CreditMeter, DailyQuota
from provider_sandbox.outcomes import decide_outcome
from provider_sandbox.pictures import draw_leaf
from provider_sandbox.plant_id.orders import Order
from provider_sandbox.plant_id.store import Identification, IdentificationStore
from provider_sandbox.traffic import RequestLog, Seen
from provider_sandbox.uploads import MalformedForm, make_picture, parse_form, sniff_media_type


class Clock:
    def __init__(self, now):
        self.now = dt.datetime.fromisoformat(now)

    def __call__(self):
        return self.now


def test_credits_come_back_with_the_month():
    clock = Clock("2026-01-31T23:59:00+00:00")
    meter = CreditMeter(month_limit=3, now=clock)
    meter.spend(2.5)
    assert meter.remaining == 0.5

    clock.now += dt.timedelta(minutes=2)

    assert meter.remaining == 3
    assert meter.used() == {"day": 0.0, "week": 2.5, "month": 0.0, "total": 2.5}


def test_requests_come_back_with_the_utc_day():
    clock = Clock("2026-01-31T23:59:00+00:00")
    quota = DailyQuota(limit=1, now=clock)
    quota.spend_one()
    assert (quota.remaining, quota.seconds_to_reset) == (0, 60)
    assert quota.next_reset == dt.datetime(2026, 2, 1, tzinfo=dt.UTC)

    clock.now += dt.timedelta(minutes=2)

    assert quota.remaining == 1
    assert quota.count(dt.date(2026, 1, 31)) == 1


@pytest.mark.parametrize("left", [0, 1, 3, 7])
def test_what_is_left_can_be_set_to_anything(left):
    meter, quota = CreditMeter(month_limit=3), DailyQuota(limit=3)
    meter.set_remaining(left)
    quota.set_remaining(left)

    assert meter.remaining == quota.remaining == left


def test_a_form_is_split_into_its_parts_byte_for_byte():
    content = b"\xff\xd8\xff\r\n--not the boundary\r\n\x00"
    body = (
        b'--B\r\nContent-Disposition: form-data; name="images"; filename="a.jpg"\r\n\r\n' + content + b"\r\n"
        b'--B\r\nContent-Disposition: form-data; name="organs"\r\n\r\nleaf\r\n--B--\r\n'
    )
    photo, organ = parse_form(body=body, content_type='multipart/form-data; boundary="B"')

    assert (photo.name, photo.filename, photo.content) == ("images", "a.jpg", content)
    assert (organ.name, organ.filename, organ.text) == ("organs", None, "leaf")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"--B\r\n\r\n", "multipart/form-data; boundary=B"),
        (b"", "multipart/form-data; boundary=B"),
        (b"--B--", "multipart/form-data"),
        (b"--B\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--", "multipart/form-data; boundary=B"),
        (b"--B\r\n" * 200 + b"--B--", "multipart/form-data; boundary=B"),
    ],
)
def test_a_broken_form_is_refused(body, content_type):
    with pytest.raises(MalformedForm):
        parse_form(body=body, content_type=content_type)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_pictures_are_told_apart_by_their_first_bytes(kind):
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, kind)

    assert sniff_media_type(buffer.getvalue()) == f"image/{kind.lower()}"
    assert sniff_media_type(b"<svg/>") is None


def test_generated_pictures_are_real_and_stable():
    picture = draw_leaf(seed="ab", size_px=48)

    with Image.open(io.BytesIO(picture)) as image:
        image.load()
        assert image.size == (48, 48)
    assert picture == draw_leaf(seed="ab", size_px=48) != draw_leaf(seed="cd", size_px=48)


def make_identification(custom_id):
    picture = make_picture(content=b"\xff\xd8\xff", filename=None)
    order = Order((picture,), None, None, None, custom_id, {})
    outcome = decide_outcome(digest=picture.digest, catalogue=load_catalogue())
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return Identification(order.without_contents(), outcome, False, now, now)


def test_the_oldest_identification_makes_room_and_no_photo_is_kept():
    store = IdentificationStore(limit=2)
    kept = [make_identification(custom_id) for custom_id in (1, 2, 3)]
    for identification in kept:
        store.add(identification)

    assert len(store) == 2
    assert store.find("1") is None
    assert store.find(kept[0].access_token) is None
    assert store.find("3") is kept[2]
    assert kept[2].order.pictures[0].content == b""


def test_the_newest_of_two_with_one_custom_id_answers():
    store = IdentificationStore()
    first, second = make_identification(1), make_identification(1)
    store.add(first)
    store.add(second)

    assert store.find("1") is second
    store.remove(first)
    assert store.find("1") is second


def test_old_requests_lose_their_pictures_before_the_memory_is_full(monkeypatch):
    monkeypatch.setattr(traffic, "KEPT_PICTURE_BYTES", 10)
    log = RequestLog()
    picture = make_picture(content=b"123456", filename="a")
    for _ in range(3):
        seen = Seen(path="/", headers=[], query=[], key_present=True, pictures=[dataclasses.replace(picture)])
        log.add(seen)
        log.drop_old_pictures()

    assert [log.get(index)["images"][0]["base64"] is None for index in range(3)] == [True, True, False]
    assert log.get(0)["images"][0]["size_bytes"] == 6
