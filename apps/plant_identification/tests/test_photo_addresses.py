"""The photos of a record, at addresses that end."""

import io
import logging
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.storage import storages
from PIL import Image
from rest_framework.test import APIClient

from apps.plant_identification import constants
from apps.plant_identification.models import PhotoSet, PlantIdentificationRequest
from apps.plant_identification.services import photo_addresses
from apps.plant_identification.tests.conftest import make_photo

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def record(providers, identify, owner):
    return identify(make_photo(1, size=(400, 300))).json()


@pytest.fixture
def photo(record, api_client):
    return api_client.get(record["links"]["photo"]).json()["photos"][0]


@pytest.fixture
def visitor():
    """An `<img>`: no sign-in, and what a browser accepts there."""
    return APIClient(headers={"Accept": "image/avif,image/webp,image/png"})


def test_an_address_shows_the_normalised_photo_to_whoever_has_it(photo, visitor):
    response = visitor.get(photo["url"])

    assert response.status_code == 200
    picture = Image.open(io.BytesIO(response.content))
    assert (picture.format, picture.size) == ("JPEG", (400, 300))
    with storages["photos"].open(PhotoSet.objects.get().paths[0]) as file:
        assert response.content == file.read()


def test_a_photo_is_described(photo):
    assert set(photo) == {"position", "organ", "url", "width", "height", "expires_at"}
    assert (photo["position"], photo["organ"], photo["width"], photo["height"]) == (1, "auto", 400, 300)
    left_s = (datetime.fromisoformat(photo["expires_at"]) - datetime.now(UTC)).total_seconds()
    assert 590 <= left_s <= 600
    assert photo["url"].startswith("http://testserver/api/v1/plant-identification/requests/")


def test_a_browser_may_show_it_and_nothing_else(photo, visitor):
    response = visitor.get(photo["url"])

    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"] == 'inline; filename="photo-1.jpg"'
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in response


def test_no_cache_keeps_it_longer_than_the_address_lives(photo, visitor, monkeypatch):
    later = time.time() + 400
    monkeypatch.setattr(photo_addresses.time, "time", lambda: later)

    kept = visitor.get(photo["url"])["Cache-Control"]

    scope, _, max_age = kept.partition(", max-age=")
    assert scope == "private"
    assert 190 <= int(max_age) <= 200


def test_a_photo_that_is_there_already_is_not_sent_again(photo, visitor, monkeypatch):
    etag = visitor.get(photo["url"])["ETag"]
    monkeypatch.setattr(storages["photos"], "open", None)  # the file is not even looked at

    response = visitor.get(photo["url"], headers={"If-None-Match": etag})

    assert (response.status_code, response.content) == (304, b"")
    assert response["ETag"] == etag
    assert "max-age" in response["Cache-Control"]


def test_five_photos_have_five_addresses_in_their_order(providers, identify, owner, api_client, visitor):
    organs = ["leaf", "flower", "fruit", "bark", "auto"]
    photos = [make_photo(seed, size=(100 + seed, 90)) for seed in range(5)]
    record = identify(*photos, organs=",".join(organs)).json()

    listed = api_client.get(record["links"]["photo"]).json()["photos"]

    assert [photo["organ"] for photo in listed] == organs
    assert [photo["width"] for photo in listed] == [100, 101, 102, 103, 104]
    sizes = [Image.open(io.BytesIO(visitor.get(photo["url"]).content)).size[0] for photo in listed]
    assert sizes == [100, 101, 102, 103, 104]


def _changed(url, **changes):
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    return f"{parts.path}?" + "&".join(f"{name}={value}" for name, value in query.items())


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": ""},
        {"signature": "x" * 43},
        {"signature": "x:y"},
        {"signature": "x" * 5000},
        {"signature": "%00%ff"},
        {"expires": "9999999999"},
        {"expires": ""},
        {"expires": "tomorrow"},
    ],
    ids=str,
)
def test_an_address_that_was_tampered_with_leads_nowhere(photo, visitor, changes):
    response = visitor.get(_changed(photo["url"], **changes))

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response["Content-Type"] == "application/problem+json"


def test_an_address_is_for_one_photo_of_one_record(photo, visitor, identify, api_client, owner):
    other = identify(make_photo(2)).json()
    theirs = api_client.get(other["links"]["photo"]).json()["photos"][0]["url"]
    query = urlsplit(photo["url"]).query

    assert visitor.get(f"{urlsplit(theirs).path}?{query}").status_code == 404
    assert visitor.get(photo["url"].replace("/photo/1/", "/photo/2/")).status_code == 404
    assert visitor.get(photo["url"].replace("/photo/1/", "/photo/0/")).status_code == 404
    assert visitor.get(urlsplit(photo["url"]).path).status_code == 404


def test_an_address_ends(record, api_client, visitor, monkeypatch):
    monkeypatch.setattr(constants, "PHOTO_ADDRESS_S", 0)
    ended = api_client.get(record["links"]["photo"]).json()["photos"][0]["url"]

    assert visitor.get(ended).status_code == 404


def test_an_address_ends_with_its_record_and_comes_back_with_it(record, photo, api_client, visitor):
    api_client.delete(record["links"]["self"])
    gone = visitor.get(photo["url"])
    api_client.post(f"{record['links']['self']}restore/")

    assert gone.status_code == 404
    assert visitor.get(photo["url"]).status_code == 200


def test_every_wrong_address_gets_the_same_words(record, photo, api_client, visitor):
    tampered = visitor.get(_changed(photo["url"], signature="x" * 43)).json()
    api_client.delete(record["links"]["self"])
    deleted = visitor.get(photo["url"]).json()

    assert [tampered[name] for name in ("code", "detail", "title")] == [
        deleted[name] for name in ("code", "detail", "title")
    ]


def test_a_lost_file_is_not_found_and_its_record_stays(record, photo, api_client, visitor):
    storages["photos"].delete(PhotoSet.objects.get().paths[0])

    assert visitor.get(photo["url"]).status_code == 404
    assert api_client.get(record["links"]["self"]).status_code == 200


def test_a_storage_that_cannot_be_read_now_says_when_to_come_back(photo, visitor, monkeypatch):
    def broken(*_args, **_kwargs):
        raise OSError("no route to storage")

    monkeypatch.setattr(storages["photos"], "open", broken)

    response = visitor.get(photo["url"])

    assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
    assert int(response["Retry-After"]) > 0


def test_a_record_without_photos_says_so(record, api_client):
    PlantIdentificationRequest.objects.update(photos=None)

    assert api_client.get(record["links"]["self"]).json()["links"]["photo"] is None
    assert api_client.get(record["links"]["photo"]).json() == {"photos": []}


def test_photos_kept_by_an_older_version_have_no_sizes(record, api_client):
    PhotoSet.objects.update(sizes=[])

    photo = api_client.get(record["links"]["photo"]).json()["photos"][0]

    assert (photo["width"], photo["height"]) == (None, None)


def test_no_log_line_holds_a_signature_that_works(photo, visitor, caplog):
    from apps.core.logging.privacy import private_text

    signature = parse_qs(urlsplit(photo["url"]).query)["signature"][0]
    with caplog.at_level(logging.DEBUG):
        visitor.get(photo["url"])
        visitor.get(_changed(photo["url"], expires="1"))
        logging.getLogger("apps.anything").warning("asked for %s", photo["url"])

    assert signature not in "\n".join(private_text(line.getMessage()) for line in caplog.records)
