"""Harmful and broken files through the whole API: a clear refusal, at no cost, and nothing left of them."""

import time
from pathlib import Path

import pytest
from django.core.files.storage import storages

from apps.plant_identification.models import PhotoSet, PlantIdentificationRequest, QuotaReservation
from apps.plant_identification.tests.conftest import IDENTIFY
from tests.photos import hostile

pytestmark = pytest.mark.django_db

POINTS = range(1, hostile.TRUNCATION_POINTS + 1)
BOUNDARY = "b0und4ry"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture
def nothing_is_left(providers, settings, tmp_path):
    """Fails where a file, a row or a call to a service is left of what the test sent."""
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    photos = Path(storages["photos"].location)
    before = set(photos.rglob("*"))
    yield
    assert set(photos.rglob("*")) == before
    assert not list(tmp_path.iterdir())
    counters = providers.counters()
    assert [counters[name]["identify_posts"] for name in ("plant_id", "plantnet")] == [0, 0]
    for model in (PhotoSet, PlantIdentificationRequest, QuotaReservation):
        assert not model.objects.exists()


def assert_refused(response, status, code, *, field="image"):
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code), problem
    assert response["Content-Type"] == "application/problem+json"
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]


@pytest.mark.parametrize("name", hostile.FILES)
@pytest.mark.usefixtures("nothing_is_left")
def test_a_hostile_file_is_refused(identify, name):
    content = hostile.FILES[name].make()

    started = time.thread_time()
    response = identify(content)
    took_s = time.thread_time() - started

    assert_refused(response, *hostile.FILES[name].answer)
    assert took_s < 1


@pytest.mark.parametrize("kind", hostile.WHOLE)
@pytest.mark.usefixtures("nothing_is_left")
def test_a_photo_cut_off_at_any_of_20_points_is_refused(identify, kind):
    whole = hostile.WHOLE[kind]()

    for point in POINTS:
        response = identify(hostile.cut(whole, point))
        problem = response.json()
        assert response.status_code in {415, 422}, (point, problem)
        assert problem["code"] in {"image_unreadable", "image_type_unsupported"}
        assert problem["errors"][0]["field"] == "image"


@pytest.mark.django_db(transaction=True)
def test_the_same_photos_whole_are_accepted(providers, identify):
    assert {kind: identify(make()).status_code for kind, make in hostile.WHOLE.items()} == dict.fromkeys(
        hostile.WHOLE, 200
    )


@pytest.mark.usefixtures("nothing_is_left")
def test_one_hostile_photo_among_good_ones_is_named(identify):
    good = hostile.WHOLE["jpeg"]()

    response = identify(good, hostile.FILES["svg"].make(), good)

    assert_refused(response, 415, "image_type_unsupported", field="images[1]")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\photo.jpg", "a" * 500 + ".jpg", "\u202egpj.php;'"])
def test_the_name_of_a_file_decides_nothing_and_is_kept_nowhere(providers, api_client, settings, name):
    settings.DEBUG = True
    photo = hostile.WHOLE["jpeg"]()
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'
    body = head.encode() + b"Content-Type: text/x-php\r\n\r\n" + photo + f"\r\n--{BOUNDARY}--\r\n".encode()

    response = api_client.generic("POST", IDENTIFY, body, content_type=FORM)

    assert response.status_code == 200, response.json()
    (path,) = PhotoSet.objects.get().paths
    assert path.endswith(".jpg")
    assert len(path) == 2 + 1 + 32 + 4


def part(name, content, file_name="photo.jpg"):
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n\r\n'
    return head.encode() + content + b"\r\n"


BROKEN_FORMS = {
    "no end": part("image", hostile.WHOLE["jpeg"]())[:-400],
    "no boundary inside": hostile.WHOLE["jpeg"](),
    "only the boundary": f"--{BOUNDARY}--\r\n".encode(),
    "nothing": b"",
    "headers without end": f"--{BOUNDARY}\r\n".encode() + b"X-A: b\r\n" * 20_000,
    "50 photos": part("images", b"x") * 50 + f"--{BOUNDARY}--\r\n".encode(),
    "text in place of a photo": part("image", b"words").replace(b'; filename="photo.jpg"', b"")
    + f"--{BOUNDARY}--\r\n".encode(),
}


@pytest.mark.parametrize("name", BROKEN_FORMS)
@pytest.mark.usefixtures("nothing_is_left")
def test_a_broken_form_is_refused(api_client, settings, name):
    settings.DEBUG = True

    response = api_client.generic("POST", IDENTIFY, BROKEN_FORMS[name], content_type=FORM)

    assert 400 <= response.status_code < 500, response.content
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.usefixtures("nothing_is_left")
def test_a_request_of_more_than_30_mb_is_refused_before_it_is_read(identify):
    photo = hostile.WHOLE["jpeg"]().ljust(10 * 1024 * 1024, b"\x00")

    response = identify(photo, photo, photo, photo)

    assert_refused(response, 413, "image_too_large", field="images")
