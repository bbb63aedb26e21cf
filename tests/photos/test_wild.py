"""Every kind of photo comes out right: the picture on the bytes that reach the services."""

import base64
import io

import pytest
from PIL import Image

from apps.core.tests import image_factory as factory
from apps.core.tests.test_images_normalisation import read_segments
from apps.plant_identification.models import PhotoFingerprint
from tests.photos.corpus import FAMILIES

pytestmark = pytest.mark.django_db(transaction=True)

ONLY_SEGMENT = (0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")


def corners_of(image):
    """Some pixels inside each corner, where the neighbouring colour does not reach."""
    inset_x, inset_y = (max(1, min(8, edge // 8)) for edge in image.size)
    right, bottom = image.width - 1 - inset_x, image.height - 1 - inset_y
    places = ((inset_x, inset_y), (right, inset_y), (inset_x, bottom), (right, bottom))
    return [image.getpixel(place) for place in places]


def largest_difference(found, expected):
    return max(
        abs(a - b)
        for colour, wanted in zip(found, expected, strict=True)
        for a, b in zip(colour, wanted, strict=True)
    )


def what_is_wrong_with(sent, wild):
    with Image.open(io.BytesIO(sent)) as image:
        form, corners = (image.format, image.mode, image.size), corners_of(image)
    if form != ("JPEG", "RGB", wild.size):
        return f"a {form} and not of {wild.size}"
    if largest_difference(corners, wild.corners) > wild.tolerance:
        return f"{corners} and not {wild.corners}"
    if [part for part in read_segments(sent) if part[0] >= 0xE0] != [ONLY_SEGMENT]:
        return "there is metadata in it"
    return None


@pytest.mark.parametrize("family", FAMILIES)
def test_what_reaches_the_services_is_the_right_picture(providers, identify, family):
    wrong = {}
    for name, make in FAMILIES[family].items():
        wild = make()
        PhotoFingerprint.objects.all().delete()  # they look alike, and each is to be asked about
        response = identify(wild.content)
        if response.status_code != 200:
            wrong[name] = response.json()
            continue
        for provider in ("plant_id", "plantnet"):
            sent = base64.b64decode(providers.last(provider)["images"][0]["base64"])
            if problem := what_is_wrong_with(sent, wild):
                wrong[name] = f"{provider} got {problem}"

    assert not wrong


def test_a_photo_that_is_turned_or_mirrored_would_be_seen():
    image = factory.make_corners()
    views = [image, *(image.transpose(turn) for turn in Image.Transpose)]

    assert len({tuple(corners_of(view)) for view in views}) == 8
